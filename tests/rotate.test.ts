// A secret changes under load and nobody is refused, by the steps that docs/operating.md has; and the rehearsal would notice if somebody
// were. The whole of it, every secret: npm run faults -- rotate.

import { expect, test } from 'vitest';
import { rotateReceived } from '../load/faults/rotate.ts';
import { rotateShown } from '../load/faults/rotate-shown.ts';
import { started } from '../load/started.ts';

const progress = () => {};

test('a rehearsal of INTERNAL_SECRET and NATIVE_SECRETS: no call is refused', async () => {
  await using parts = started();
  const report = await rotateReceived(parts, { progress, secrets: ['INTERNAL_SECRET', 'NATIVE_SECRETS'] });
  expect(report.findings).toEqual([]);
  expect(report.refused).toBe(0);
  // Every caller was there, before, between and after.
  for (const caller of ['marqeta authorization', 'native void', 'origin to edge', 'edge to origin', 'operator'])
    expect([caller, (report.answers[`${caller} 200`] ?? 0) > 10]).toEqual([caller, true]);
});

test('without both values at once somebody is refused, and the rehearsal says so', async () => {
  await using parts = started();
  const report = await rotateReceived(parts, { progress, secrets: ['NATIVE_SECRETS'], overlap: false });
  expect(report.refused).toBeGreaterThan(0);
  expect(report.findings.join(' ')).toContain('native void 401');
});

test('the signing key and the database’s login: no call is refused, and what the former ones did stands', async () => {
  await using parts = started();
  const report = await rotateReceived(parts, { progress, secrets: ['AUDIT_SIGNING_KEY', 'DATABASE_URL'] });
  expect([report.findings, report.refused]).toEqual([[], 0]);
  expect(report.answers['operator 200'] ?? 0).toBeGreaterThan(10);
}, 240_000);

/** A bucket is looked at every 10 s, and each of four steps waits for one look. */
const shownMsMax = 240_000;

test(
  'every key that we show changes at once: no call is refused, and every settlement is paid',
  async () => {
    await using parts = started();
    const report = await rotateShown(parts, { progress });
    expect(report.findings).toEqual([]);
    expect(report.settlements).toBeGreaterThan(20);
    // Each was shown before its peer knew it, and its former one was taken.
    for (const name of report.secrets) expect([name, (report.saved[name] ?? 0) > 0]).toEqual([name, true]);
  },
  shownMsMax,
);

test(
  'without both values at once a shown key is refused, and the rehearsal says so',
  async () => {
    await using parts = started();
    const report = await rotateShown(parts, { progress, overlap: false });
    expect(report.findings.join(' ')).toMatch(/had their key refused: [A-Z_0-9]+, the former one none/);
  },
  shownMsMax,
);
