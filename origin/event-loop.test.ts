import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { countRounds } from '../scripts/test-waiting.ts';
import { createSteps, watchEventLoop } from './event-loop.ts';

/** Computes, and lets nothing else be done. */
function compute(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('a process that computes round after round is late, and is not any more when it has rested', async () => {
  const registry = new Registry();
  const loop = watchEventLoop(registry);
  const round = () => new Promise((resolve) => setTimeout(resolve, 0));
  for (let n = 0; n < 20; n++) {
    compute(150);
    await round();
  }
  expect(loop.delayMs()).toBeGreaterThan(60);
  expect(await registry.metrics()).toMatch(/event_loop_delay_seconds 0\.\d+/);
  await expect.poll(() => loop.delayMs(), { timeout: 10_000 }).toBeLessThan(40);
  loop.close();
});

test('one slow moment is no overload', async () => {
  const loop = watchEventLoop(new Registry());
  await new Promise((resolve) => setTimeout(resolve, 50));
  compute(400);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(loop.delayMs()).toBeLessThan(150);
  loop.close();
});

test('work in steps has a quarter of the event loop: three times as long as it computes it rests', async () => {
  const pauseWhereDue = createSteps();
  let [computedMs, restedMs] = [0, 0];
  for (let n = 0; n < 100; n++) {
    compute(0.65);
    computedMs += 0.65;
    const begunMs = performance.now();
    await pauseWhereDue();
    restedMs += performance.now() - begunMs;
  }
  // Timers count whole milliseconds, so a rest of two may be a little shorter.
  expect(restedMs).toBeGreaterThan(2.5 * computedMs);
});

test('work in steps lets rounds of the event loop in between any two of them, and only where a step is over', async () => {
  const rounds = countRounds();
  const pauseWhereDue = createSteps();
  let pauses = 0;
  for (let n = 0; n < 100; n++) {
    compute(0.4);
    const pause = pauseWhereDue();
    if (pause === null) continue;
    pauses += 1;
    await pause;
  }
  // Every second one ends a step, and more do where the machine was away meanwhile.
  expect(pauses).toBeGreaterThanOrEqual(50);
  expect(rounds()).toBeGreaterThanOrEqual(pauses);
});
