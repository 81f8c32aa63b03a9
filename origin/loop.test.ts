// A loop that stands still is seen: it fails round after round, it hangs inside one, or it was never started.

import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../scripts/test-waiting.ts';
import { createLoop, type LoopOptions } from './loop.ts';
import { problemOfLoop } from './loops.ts';

function sample(round: LoopOptions['round'], over: Partial<LoopOptions> = {}) {
  const loop = createLoop({ name: 'sample', log: pino({ level: 'silent' }), intervalMs: 1, round, ...over });
  onTestFinished(() => loop.stop());
  return loop;
}
const standing = (loop: ReturnType<typeof sample>) => loop.state().standing;

test('one that comes through its rounds runs, and says when it last did', async () => {
  const loop = sample(() => Promise.resolve(false));
  expect(problemOfLoop(loop.state())).toBe('it was never started');
  loop.start();
  await until(
    () => loop.state().last_success_at_ms,
    (ms) => ms !== null && Date.now() - ms < 1_000,
  );
  expect([standing(loop), problemOfLoop(loop.state())]).toEqual(['running', null]);
});

test('a hiccup is none; three failures in a row are, with their reason, until one comes through', async () => {
  let broken = true;
  const loop = sample(() => (broken ? Promise.reject(new Error('no such shop')) : Promise.resolve(false)));
  loop.start();
  await until(
    () => loop.failures(),
    (failures) => failures > 0,
  );
  await until(
    () => standing(loop),
    (seen) => seen === 'failing',
  );
  expect(problemOfLoop(loop.state())).toMatch(/^its last \d rounds failed: no such shop$/);
  broken = false;
  await until(
    () => standing(loop),
    (seen) => seen === 'running',
  );
  expect(loop.state()).toMatchObject({ failures: 0, last_error: null, failures_total: expect.any(Number) });
  expect(loop.state().failures_total).toBeGreaterThanOrEqual(3);
});

test('one that hangs inside a round stands still; one that moves in a long round does not', async () => {
  const ended = Promise.withResolvers<boolean>();
  const hanging = sample(() => ended.promise, { stillMs: 20 });
  let isOver = false;
  const long = sample(
    async (_, moved) => {
      while (!isOver) {
        moved();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return false;
    },
    { stillMs: 500 },
  );
  hanging.start();
  long.start();
  await until(
    () => standing(hanging),
    (seen) => seen === 'still',
  );
  expect(problemOfLoop(hanging.state())).toMatch(/^its round has not moved for \d+ s$/);
  expect(standing(long)).toBe('running');
  isOver = true;
  ended.resolve(false);
  await until(
    () => standing(hanging),
    (seen) => seen === 'running',
  );
});
