// Prometheus and Alertmanager beside an origin under load, with the rules of ops/ at a pace of one's own; and what Prometheus says
// afterwards of which alerts fired when.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { freePort } from '../scripts/free-port.ts';
import { howToGetObservers, observers } from '../scripts/observers.ts';
import { startAlertLog } from './alert-log.ts';
import { temporaryDirectory } from './started.ts';

const readyWithinMs = 30_000;

export async function startObserving(
  parts: AsyncDisposableStack,
  { originPort, hurry }: { readonly originPort: number; readonly hurry: number },
) {
  const log = await startAlertLog();
  parts.defer(() => log.close());
  const ports = { prometheus: await freePort(), alertmanager: await freePort() };
  const folder = join(await temporaryDirectory(parts, 'observe'), 'observe');
  const both = observers({ folder, hurry, alertsTo: log.url, ports, originPort });
  if (both === null) throw new Error(howToGetObservers);
  for (const { name, command, readyUrl } of both) {
    const [file, ...words] = command;
    const child = spawn(file, words, { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    parts.defer(async () => {
      child.kill('SIGTERM');
      await exited;
    });
    await untilReady(name, readyUrl);
  }
  return { heard: log.heard, url: both[1].url };
}

async function untilReady(name: string, url: string): Promise<void> {
  const untilMs = Date.now() + readyWithinMs;
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    if (Date.now() > untilMs) throw new Error(`${name} is not ready after ${readyWithinMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Seconds, as Prometheus counts them, and figures as text. */
const sample = z.tuple([z.number(), z.string()]);
const rangesSchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample) })),
  }),
});
const instantSchema = z.object({ data: z.object({ result: z.array(z.object({ value: sample })) }) });

export interface Firing {
  readonly alert: string;
  readonly severity: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Each stretch of time in which an alert fired, whether or not anybody was told. */
export async function firings(
  url: string,
  { fromMs, toMs, stepS }: { readonly fromMs: number; readonly toMs: number; readonly stepS: number },
): Promise<Firing[]> {
  const range = { start: `${fromMs / 1_000}`, end: `${toMs / 1_000}`, step: `${stepS}` };
  const query = 'max by (alertname, severity) (ALERTS{alertstate="firing"})';
  const { data } = rangesSchema.parse(await ask(`${url}/api/v1/query_range`, { query, ...range }));
  return data.result
    .flatMap(({ metric, values }) =>
      stretches(
        values.map(([atS]) => atS * 1_000),
        stepS * 1_000,
      ).map((stretch) => ({
        ...{ alert: metric['alertname'] ?? '', severity: metric['severity'] ?? '' },
        ...stretch,
      })),
    )
    .toSorted((a, b) => a.fromMs - b.fromMs);
}

function stretches(atMs: readonly number[], stepMs: number): { fromMs: number; toMs: number }[] {
  const found: { fromMs: number; toMs: number }[] = [];
  for (const at of atMs) {
    const last = found.at(-1);
    if (last !== undefined && at - last.toMs <= stepMs * 1.5) last.toMs = at;
    else found.push({ fromMs: at, toMs: at });
  }
  return found;
}

/** The figure of an expression at one moment; null where there is none. */
export async function figureAt(url: string, query: string, atMs: number): Promise<number | null> {
  const { data } = instantSchema.parse(await ask(`${url}/api/v1/query`, { query, time: `${atMs / 1_000}` }));
  const value = Number(data.result[0]?.value[1]);
  return Number.isFinite(value) ? value : null;
}

async function ask(url: string, words: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(words) });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${said}`);
  return JSON.parse(said);
}
