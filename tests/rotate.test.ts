// A secret changes under load and nobody is refused, by the steps that docs/operating.md has; and the rehearsal would notice if somebody
// were. The whole of it, every secret: npm run faults -- rotate.

import { expect, test } from 'vitest';
import { rotate } from '../load/faults/rotate.ts';
import { started } from '../load/started.ts';

const progress = () => {};

test('a rehearsal of INTERNAL_SECRET and NATIVE_SECRETS: no call is refused', async () => {
  await using parts = started();
  const report = await rotate(parts, { progress, secrets: ['INTERNAL_SECRET', 'NATIVE_SECRETS'] });
  expect(report.findings).toEqual([]);
  expect(report.refused).toBe(0);
  // Every caller was there, before, between and after.
  for (const caller of ['marqeta authorization', 'native void', 'origin to edge', 'edge to origin', 'operator'])
    expect([caller, (report.answers[`${caller} 200`] ?? 0) > 10]).toEqual([caller, true]);
});

test('without both values at once somebody is refused, and the rehearsal says so', async () => {
  await using parts = started();
  const report = await rotate(parts, { progress, secrets: ['NATIVE_SECRETS'], overlap: false });
  expect(report.refused).toBeGreaterThan(0);
  expect(report.findings.join(' ')).toContain('native void 401');
});
