// What benchmarks of Atlas as a whole ask of it: that all is booked before a figure is read, and the processor time of every process of it.

import { limits } from '../contracts/limits.ts';
import type { RunningSystem } from './faults/system.ts';
import { between, childrenOf, readProcessors } from './processor-time.ts';

/** The cards have sent all, by their timers and alarms, and the origin has taken it. */
export async function allBooked({ queue }: RunningSystem): Promise<void> {
  const rest = limits.publishIntervalMsMax + 1_000;
  for (let quietSinceMs = Date.now(), received = -1; Date.now() - quietSinceMs < rest; ) {
    const { events } = queue.received();
    if (events !== received || queue.waiting() > 0) [quietSinceMs, received] = [Date.now(), events];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Of edge and origin, which this process has started, and of Postgres' processes. `others`: what else it has started. */
export function processorsOfSystem(postgres: number, others: readonly number[] = []): ReadonlyMap<number, number> {
  const own = childrenOf(process.pid).filter((pid) => pid !== postgres && !others.includes(pid));
  return readProcessors([...own, ...childrenOf(postgres)]);
}

/** Processor time of a second in which nothing is asked, in ms: loops of the origin, Postgres. */
export async function idleMsASecond(system: RunningSystem, processors: () => ReadonlyMap<number, number>) {
  await allBooked(system);
  const before = processors();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  return between(before, processors()) / 5;
}
