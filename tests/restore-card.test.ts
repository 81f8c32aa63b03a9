// The fault command itself, small: cards of the real edge set back under load, and rebuilt from the real books. `npm run faults` does more.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const command = join(import.meta.dirname, '../load/faults.ts');

test('restore-card: cards that are set back or lost are found, rebuilt and go on; nothing acknowledged is lost or counted twice', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[command, 'restore-card', '--json', '--restores=1', '--cards=15', '--rate=100'],
  ]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ restores: 1, lost: 0, double_counted: 0, answers_changed: 0, findings: [] });
  expect(report.cards_set_back).toBeGreaterThan(0);
  expect(report.events_gone_from_cards).toBeGreaterThan(0);
  expect(report.acknowledged).toBeGreaterThan(0);
});
