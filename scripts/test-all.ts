// `npm run check -- test`: every test, and those that failed once more alone. A test that measures time may fail among others on a
// busy machine and says nothing by it; one that fails alone too has found something. A property is drawn again from the seed it
// failed with, so what it found is found again. What passed only alone is named at the end: it is to be mended all the same.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { secondTries, testReportSchema, withSecondTry } from './test-report.ts';

const reportPath = 'dist/test-report.json';
const alonePath = 'dist/test-report-alone.json';

function run(files: readonly string[], outputFile: string, environment: Record<string, string> = {}): boolean {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${outputFile}`];
  const { status } = spawnSync('npm', ['run', '--silent', 'test', '--', ...files, ...reporters], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return status === 0;
}

const read = (path: string) => testReportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));

function isGreen(): boolean {
  if (run([], reportPath)) return true;
  let report = read(reportPath);
  const tries = secondTries(report);
  if (tries === null) return false;
  for (const { file, seed } of tries) {
    console.log(`\nonce more, alone: ${file}${seed === null ? '' : ` (SEED=${seed})`}`);
    if (!run([file], alonePath, seed === null ? {} : { SEED: seed })) return false;
    report = withSecondTry(report, read(alonePath));
  }
  writeFileSync(reportPath, JSON.stringify(report));
  for (const { file, names } of tries)
    for (const name of names) console.log(`failed among others, passed alone: ${file}: ${name}`);
  return true;
}

process.exitCode = isGreen() ? 0 : 1;
