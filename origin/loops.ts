// All loops of the process in one place: what each is doing, as metrics and for /health. start.ts hands them in; a test reads the
// source for loops that it was not given.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Loop, LoopState } from './loop.ts';

export function measureLoops(registry: Registry, loops: readonly Loop[]): void {
  const names = loops.map((loop) => loop.state().name);
  if (new Set(names).size !== names.length) throw new Error(`two loops have one name: ${names.join(', ')}`);
  const labelNames = ['loop'];
  const registers = [registry];
  const success = new Gauge({
    name: 'loop_last_success_timestamp_seconds',
    help: 'When a round of this loop last came through, in seconds since 1970. No figure: none has yet.',
    ...{ labelNames, registers },
    collect() {
      for (const { name, last_success_at_ms } of loops.map((loop) => loop.state()))
        if (last_success_at_ms !== null) success.set({ loop: name }, last_success_at_ms / 1_000);
    },
  });
  const failures = new Counter({
    name: 'loop_failures_total',
    help: 'Rounds of this loop that failed',
    ...{ labelNames, registers },
    collect() {
      failures.reset();
      for (const { name, failures_total } of loops.map((loop) => loop.state()))
        failures.inc({ loop: name }, failures_total);
    },
  });
  const lag = new Gauge({
    name: 'loop_lag_seconds',
    help: 'The age of the oldest thing that waits for this loop; 0 where nothing does. No figure: it has none, or cannot tell.',
    ...{ labelNames, registers },
    async collect() {
      lag.reset();
      for (const [loop, ms] of await lagsOf(loops)) if (ms !== null) lag.set({ loop }, ms / 1_000);
    },
  });
  new Gauge({
    name: 'loop_stands_still',
    help: '1: this loop fails round after round, or hangs inside one',
    ...{ labelNames, registers },
    collect() {
      for (const state of loops.map((loop) => loop.state()))
        this.set({ loop: state.name }, problemOfLoop(state) === null ? 0 : 1);
    },
  });
}

/** One after the other, so that looking takes one connection; the first that cannot be had ends it: the others could not either. */
export async function lagsOf(loops: readonly Loop[]): Promise<Map<string, number | null>> {
  const lags = new Map<string, number | null>();
  try {
    for (const loop of loops) lags.set(loop.state().name, await loop.lagMs());
  } catch {
    // The database does not answer, which has a check of its own: an old figure would look like a fresh one.
  }
  return lags;
}

/** Null: nothing is wrong with it. */
export function problemOfLoop({ standing, failures, still_ms, last_error }: LoopState): string | null {
  switch (standing) {
    case 'running':
      return null;
    case 'failing':
      return `its last ${failures} rounds failed: ${last_error ?? ''}`;
    case 'still':
      return `its round has not moved for ${Math.round(still_ms / 1_000)} s`;
    case 'not_started':
      return 'it was never started';
  }
}
