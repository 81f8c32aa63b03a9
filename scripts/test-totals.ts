// The totals of vitest's JSON report as one line, `N passed, N failed`. A file that could not even be loaded has no tests to
// count, so it counts as one that failed.

import { readFileSync } from 'node:fs';
import { testReportSchema } from './test-report.ts';

const path = process.argv[2] ?? 'dist/test-report.json';
const report = testReportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
const filesNotRun = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
).length;
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + filesNotRun} failed`);
