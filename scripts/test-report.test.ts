import { expect, test } from 'vitest';
import { secondTries, type TestReport, withSecondTry } from './test-report.ts';

type Result = TestReport['testResults'][number];

function file(name: string, ...tests: { name: string; fails?: string }[]): Result {
  const assertionResults = tests.map(({ name: fullName, fails }) => ({
    ...{ fullName, status: fails === undefined ? 'passed' : 'failed' },
    failureMessages: fails === undefined ? [] : [fails],
  }));
  return { name: `/house/${name}`, status: tests.some(({ fails }) => fails) ? 'failed' : 'passed', assertionResults };
}

function report(...testResults: Result[]): TestReport {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (wanted: string) => all.filter(({ status }) => status === wanted).length;
  return { numPassedTests: count('passed'), numFailedTests: count('failed'), testResults };
}

const slow = { name: 'ends within 5 ms', fails: 'AssertionError: expected 13 to be less than 5' };
const found = {
  name: 'adds up',
  fails:
    'Error: Property failed after 10 tests\n{ seed: -48829943, path: "9:0", endOnFailure: true }\nCounterexample: …',
};

test('a file that failed is tried alone, a property from the seed it failed with', () => {
  const broken = report(
    file('a.test.ts', slow, { name: 'other' }),
    file('b.test.ts', found),
    file('c.test.ts', { name: 'c' }),
  );
  expect(secondTries(broken, '/house')).toEqual([
    { file: 'a.test.ts', seed: null, names: ['ends within 5 ms'] },
    { file: 'b.test.ts', seed: '-48829943', names: ['adds up'] },
  ]);
});

test('what is not chance is not tried again: many files, one that cannot be loaded, two seeds in one file', () => {
  const many = ['a', 'b', 'c', 'd'].map((name) => file(`${name}.test.ts`, slow));
  expect(secondTries(report(...many), '/house')).toBeNull();
  expect(secondTries(report({ ...file('a.test.ts'), status: 'failed' }), '/house')).toBeNull();
  const other = { ...found, fails: found.fails.replace('48829943', '1') };
  expect(secondTries(report(file('a.test.ts', found, other)), '/house')).toBeNull();
});

test('the totals are those of the second try where there was one', () => {
  const first = report(file('a.test.ts', slow, { name: 'other' }), file('b.test.ts', { name: 'b' }));
  const second = report(file('a.test.ts', { name: slow.name }, { name: 'other' }));
  expect(withSecondTry(first, second)).toMatchObject({ numPassedTests: 3, numFailedTests: 0 });
  expect(withSecondTry(first, report(file('a.test.ts', slow)))).toMatchObject({ numPassedTests: 1, numFailedTests: 1 });
});
