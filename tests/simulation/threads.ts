// A run on several threads: cards do not touch each other, so each thread takes some of them. The digest is that of one thread.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type SimulationOptions, type SimulationReport, simulate } from './simulation.ts';
import { Tally, type TallyFigures } from './tally.ts';

type Part = Omit<SimulationReport, 'tally'> & { readonly tally: TallyFigures };

/** What a thread can be told: no functions. */
export type ThreadOptions = Omit<SimulationOptions, 'makeCard' | 'makeOutbox' | 'range'>;

export async function simulateOn(threads: number, options: ThreadOptions): Promise<SimulationReport> {
  if (threads === 1 || options.onlyCard !== undefined) return simulate(options);
  const startedMs = performance.now();
  const share = (part: number) => Math.floor((options.cards * part) / threads);
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, part) => inThread({ ...options, range: [share(part), share(part + 1)] })),
  );
  const tally = new Tally();
  for (const part of parts) tally.add(part.tally);
  return {
    tally,
    violations: parts.flatMap(({ violations }) => violations),
    seconds: (performance.now() - startedMs) / 1_000,
    cpuSeconds: parts.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    threads,
  };
}

async function inThread(options: SimulationOptions): Promise<Part> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const [part] = (await once(worker, 'message')) as [Part];
  return part;
}

if (!isMainThread && parentPort !== null && workerData !== null && 'range' in workerData)
  parentPort.postMessage(await simulate(workerData as SimulationOptions));
