// npm start, used: every metric that a rule or a panel asks for is there, with the labels that it asks by, and no label tells whose it is.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { askedExpressions, ofOthers, recorded } from '../ops/asked.ts';
import { selectedBy } from '../ops/promql.ts';
import { portsUsed } from '../scripts/dev/options.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePorts } from '../scripts/free-port.ts';
import { printedBy } from './printed-system.ts';

let temporary: string;
let portBase: number;
let launcher: ChildProcess;
let running: Running;
let series: ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>;

const environment = () => ({ ...process.env, ATLAS_HOME: join(temporary, 'home') });
const run = promisify(execFile);
const script = (name: string, ...words: readonly string[]) =>
  run(process.execPath, [`scripts/${name}.ts`, ...words, `--port-base=${portBase}`], { env: environment() });

beforeAll(async () => {
  // mkdtemp's folder is closed to others, and as root Postgres runs as a user of its own.
  temporary = await mkdtemp(join(tmpdir(), 'atlas-metrics-'));
  await chmod(temporary, 0o755);
  portBase = await freePorts(portsUsed);
  launcher = spawn(process.execPath, ['scripts/dev.ts', '--json', `--port-base=${portBase}`], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = await printedBy(launcher);
  await use();
  series = seriesIn(await scraped());
});
afterAll(async () => {
  const ended = once(launcher, 'exit');
  launcher.kill('SIGTERM');
  await ended;
  await rm(temporary, { recursive: true, force: true });
});

/** A purchase with its clearing, a decline, a settlement to its end, and a call that is refused. */
async function use(): Promise<void> {
  await script('trigger', 'authorization', '--card=plain', '--amount=25.00', '--json');
  await script('trigger', 'clearing', '--json');
  // 3: declined, as it should be.
  await script('trigger', 'authorization', '--card=grocery-only', '--mcc=7995', '--json').catch((error: unknown) => {
    if (Object(error).code !== 3) throw error;
  });
  await script('settle', '--amount=10.00', '--json');
  await fetch(`${running.origin_url}/settlements`, { headers: { authorization: 'Bearer nobody' } });
  await vi.waitUntil(async () => /^card_decisions_total\{.*declined.*\} [1-9]/m.test(await scraped()), {
    timeout: 30_000,
    interval: 500,
  });
}

const scraped = async () => await (await fetch(`${running.origin_url}/metrics`)).text();

function seriesIn(text: string) {
  const found = new Map<string, Record<string, string>[]>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
      label,
      value,
    ]);
    found.set(name, [...(found.get(name) ?? []), Object.fromEntries(pairs)]);
  }
  return found;
}

/** Put on by the scrape. */
const ofTheScrape = new Set(['job', 'instance']);

/** What has no series here, and why that is right. */
const notHere: Readonly<Record<string, string>> = {
  queue_backlog_messages: 'npm start pushes: nothing is pulled',
  queue_oldest_age_seconds: 'as above',
  queue_pull_failures_total: 'as above',
  dead_queue_messages_total: 'as above',
  token_expiry_seconds: 'as above',
  clearings_withheld_minor: 'has a series for a network once something is withheld',
  refunds_withheld_minor: 'as above',
  cards_withheld_minor: 'as above',
  cards_withheld_bounds: 'as above',
  cards_withholding: 'as above',
  suspense_minor: 'has a series for a currency once there is money in it',
  cert_expiry_seconds: 'npm start calls nobody by TLS',
  settlement_payments_of_unconfigured_providers:
    'has a series only where a provider was taken out of the configuration',
};

test('every metric that a rule or a panel asks for is there, with the labels that it asks by', () => {
  const records = new Set(recorded().map(({ record }) => record));
  const missing = askedExpressions()
    .filter(({ needs }) => needs === undefined)
    .flatMap(({ where, expr }) => selectedBy(expr).map((selected) => ({ where, ...selected })))
    .filter(({ metric }) => !ofOthers.test(metric) && !records.has(metric) && !(metric in notHere))
    .flatMap(({ where, metric, labels }) => {
      const has = series.get(metric);
      if (has === undefined) return [`${metric}: no series (${where})`];
      const unknown = labels.filter((label) => !ofTheScrape.has(label) && !has.some((one) => label in one));
      return unknown.map((label) => `${metric}: no label ${label} (${where})`);
    });
  expect([...new Set(missing)]).toEqual([]);
});

test('asked for OpenMetrics it tells the same series, by the same names', async () => {
  const headers = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' };
  const answer = await fetch(`${running.origin_url}/metrics`, { headers });
  expect(answer.headers.get('content-type')).toContain('application/openmetrics-text; version=1.0.0');
  const text = await answer.text();
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  const known = new Set([...series.keys(), ...seriesIn(await scraped()).keys()]);
  expect([...seriesIn(text).keys()].filter((name) => !known.has(name))).toEqual([]);
  expect(seriesIn(text).size).toBeGreaterThanOrEqual(series.size);
});

test('what is said not to be here is not here', () => {
  expect(Object.keys(notHere).filter((metric) => series.has(metric))).toEqual([]);
});

test('what was done is counted', () => {
  const decided = series.get('card_decisions_total') ?? [];
  expect(decided).toContainEqual({ network: 'marqeta', outcome: 'approved', reason: 'none' });
  expect(series.get('card_money_minor_total')).toContainEqual({ network: 'marqeta', currency: 'USD', what: 'post' });
});

test('no label has a card token, an account, an id or a path of its own', () => {
  const values = new Set([...series.values()].flatMap((all) => all.flatMap((one) => Object.values(one))));
  expect(values.size).toBeGreaterThan(50);
  const secret = [
    running.account_id,
    running.merchant_id,
    running.api_key,
    ...running.cards.map((one) => one.card_token),
  ];
  for (const value of values) {
    expect(value).not.toMatch(/\b(?:card|acct|auth|stl|trf|evt|whk|mrch|akey|req)_[A-Za-z0-9]{20,}/);
    expect(value).not.toMatch(/\d{6,}|^https?:/);
    for (const one of secret) expect(value).not.toContain(one);
    expect(value.length).toBeLessThan(80);
  }
  // A route is its pattern: what stands in a path is a name in braces or after a colon.
  for (const { route = '' } of series.get('http_server_request_duration_seconds_count') ?? [])
    expect(route).toMatch(/^(?:unmatched|(?:\/(?:[a-z0-9_.-]+|:\w+(?:\{.*\})?|\{\w+\}))+)$/);
});
