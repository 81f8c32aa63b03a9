// The totals of vitest's JSON report as one line, `N passed, N failed`. A file that could not even be loaded has no tests to
// count, so it counts as one that failed.

import { readFileSync } from 'node:fs';
import * as z from 'zod';

const path = process.argv[2] ?? 'dist/test-report.json';
const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

const report = reportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
const filesNotRun = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
).length;
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + filesNotRun} failed`);
