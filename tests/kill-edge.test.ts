// The fault command itself, small: the real edge, queue, origin and Postgres, two kills. `npm run faults` does twenty.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const command = join(import.meta.dirname, '../load/faults.ts');

test('kill-edge: what was acknowledged before and between kills is in log and ledger once', async () => {
  // A failed run exits with 1, and its report is then in the error.
  const { stdout } = await promisify(execFile)(process.execPath, [
    command,
    'kill-edge',
    '--json',
    '--kills=2',
    '--cards=20',
    '--rate=100',
  ]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ kills: 2, lost: 0, double_counted: 0, answers_changed: 0, findings: [] });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.events_queued).toBeGreaterThan(report.acknowledged);
});
