// Vitest's JSON report, as far as it is read here, and which files are worth a second try.

import { relative } from 'node:path';
import * as z from 'zod';

export const testReportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});
export type TestReport = z.infer<typeof testReportSchema>;

export interface SecondTry {
  /** From the project's root. */
  readonly file: string;
  /** Of the property that failed; null: no property did. */
  readonly seed: string | null;
  /** Of the tests that failed. */
  readonly names: readonly string[];
}

/** More than these at once are not chance. */
const filesMax = 3;

/** Null: too many failed, or a file could not be loaded, or two properties of a file failed from two seeds. */
export function secondTries(report: TestReport, root = process.cwd()): readonly SecondTry[] | null {
  const failed = report.testResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0 || failed.length > filesMax) return null;
  const tries: SecondTry[] = [];
  for (const { name, assertionResults } of failed) {
    const broken = assertionResults.filter(({ status }) => status === 'failed');
    const seeds = new Set(broken.flatMap(({ failureMessages }) => failureMessages.flatMap(seedsOf)));
    if (broken.length === 0 || seeds.size > 1) return null;
    const names = broken.map(({ fullName }) => fullName);
    tries.push({ file: relative(root, name), seed: [...seeds][0] ?? null, names });
  }
  return tries;
}

/** The first report with what the second try found in its place. */
export function withSecondTry(first: TestReport, second: TestReport): TestReport {
  const again = new Map(second.testResults.map((result) => [result.name, result]));
  const testResults = first.testResults.map((result) => again.get(result.name) ?? result);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    numPassedTests: all.filter(({ status }) => status === 'passed').length,
    numFailedTests: all.filter(({ status }) => status === 'failed').length,
    testResults,
  };
}

/** As fast-check prints it: `{ seed: -1819918769, path: "0:0", endOnFailure: true }`. */
function seedsOf(message: string): string[] {
  return [...message.matchAll(/\{ seed: (-?\d+), path: /g)].flatMap(([, seed]) => seed ?? []);
}
