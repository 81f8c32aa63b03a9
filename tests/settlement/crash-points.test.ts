// A hundred crash points of the settlement engine. `npm run faults -- crash-points` does as many as one likes.

import { expect, test } from 'vitest';
import { aimedAt, crashPoints } from '../../load/faults/crash-points.ts';

const points = 100;

test(`${points} crash points: nothing is paid twice, nothing is lost, every record proves itself`, {
  timeout: 400_000,
}, async () => {
  await using parts = new AsyncDisposableStack();
  const { died_at, ...report } = await crashPoints(parts, { points, progress: () => {} });
  expect(report).toEqual({
    fault: 'crash-points',
    points,
    restarts: points * 2,
    settlements: points * 6,
    paid_twice: 0,
    lost: 0,
    in_forbidden_state: 0,
    findings: [],
  });
  // They died where it matters, not only while looking for work.
  expect(died_at).toEqual(expect.arrayContaining([...aimedAt]));
});
