// The whole way of an alert: a fault of `npm start`, the origin's metrics, a real Prometheus with the catalogue's rules at twenty
// times their pace, a real Alertmanager with its routing, a webhook receiver here; and the end of the fault, heard too.

import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type AlertLog, type Heard, startAlertLog } from '../load/alert-log.ts';
import { type LoadMerchant, makeMerchants } from '../load/settlements-under-load.ts';
import { portsUsed } from '../scripts/dev/options.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePorts } from '../scripts/free-port.ts';
import { findObservers, howToGetObservers } from '../scripts/observers.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { startTcpRelay, type TcpRelay } from '../scripts/test-relay.ts';
import { printedBy } from './printed-system.ts';

/** Windows of 5 m are 15 s, `for: 5m` too, and Prometheus looks every second. */
const hurry = 20;
const settlementEveryMs = 200;

const installed = findObservers() !== null;
const parts = new AsyncDisposableStack();
let home: string;
let log: AlertLog;
let database: TcpRelay;
let system: Running;
let merchants: readonly LoadMerchant[];

describe.skipIf(!installed)(
  installed ? 'alerts, end to end' : `alerts, end to end: skipped. ${howToGetObservers}`,
  () => {
    beforeAll(start, 120_000);
    afterAll(() => parts.disposeAsync());

    test('Watchdog arrives at the dead man’s switch', { timeout: 60_000 }, async () => {
      await hears({ alert: 'Watchdog', status: 'firing', receiver: 'dead-mans-switch' }, 30_000);
    });

    test('a provider that fails now and then, and is down: mail, then the pager, and mail is held back; both end', {
      timeout: 240_000,
    }, async () => {
      using _traffic = keepSettling();
      // One in ten: more than the 2 % that are borne, and far from what opens a breaker.
      await setFaults({
        submissions: Array.from({ length: 5_000 }, (_, n) => (n % 10 === 9 ? 'error_before' : 'none')),
      });
      const errors = { alert: 'PSPAdapterErrorRateHigh', labels: { psp: 'simulated' } };
      await hears({ ...errors, status: 'firing', receiver: 'mail' }, 90_000);

      await trigger('provider-down');
      const open = { alert: 'PSPCircuitBreakerOpen', labels: { psp: 'simulated' } };
      await vi.waitFor(async () => expect(await suppressed(errors.alert)).toEqual([open.alert]), {
        ...{ timeout: 30_000, interval: 100 },
      });
      const page = await hears({ ...open, status: 'firing', receiver: 'pager' }, 30_000);
      expect(page.annotations['runbook_url']).toBe('ops/runbooks/provider-outage.md');
      expect(page.severity).toBe('SEV-1');

      await setFaults({});
      await trigger('provider-up');
      await hears({ ...open, status: 'resolved', receiver: 'pager' }, 90_000);
      await hears({ ...errors, status: 'resolved', receiver: 'mail' }, 90_000);
    });

    test('the database away: 5xx and its errors go to the pager, and both end', { timeout: 240_000 }, async () => {
      using traffic = keepSettling();
      await vi.waitFor(() => expect(traffic.statuses.get(201) ?? 0).toBeGreaterThan(10), { timeout: 20_000 });
      expect(log.heard.map(({ alert }) => alert)).not.toContain('PaymentsHighErrorRatePrimary');

      await database.cut();
      const both = [
        { alert: 'DBErrors', labels: { kind: 'no_connection' }, receiver: 'pager' },
        { alert: 'PaymentsHighErrorRatePrimary', receiver: 'pager' },
      ] as const;
      for (const one of both) await hears({ ...one, status: 'firing' }, 90_000);
      expect([...traffic.statuses.keys()].some((status) => status >= 500)).toBe(true);

      await database.mend();
      for (const one of both) await hears({ ...one, status: 'resolved' }, 120_000);
    });
  },
);

async function start(): Promise<void> {
  // mkdtemp's folder is closed to others, and as root Postgres runs as a user of its own.
  const temporary = await mkdtemp(join(tmpdir(), 'atlas-alerts-'));
  parts.defer(() => rm(temporary, { recursive: true, force: true }));
  await chmod(temporary, 0o755);
  home = join(temporary, 'home');
  log = await startAlertLog();
  parts.defer(() => log.close());
  const postgres = await startTemporaryPostgres();
  parts.defer(() => postgres.stop());
  const away = new URL(postgres.url);
  database = await startTcpRelay({ host: away.hostname, port: Number(away.port) });
  parts.defer(() => database.close());
  away.port = String(database.port);

  const words = ['--observe', `--hurry=${hurry}`, `--alerts-to=${log.url}`, '--json'];
  const launcher = spawn(process.execPath, ['scripts/dev.ts', ...words, `--port-base=${await freePorts(portsUsed)}`], {
    env: { ...process.env, ATLAS_HOME: home, DATABASE_URL: away.href },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  parts.defer(async () => {
    launcher.kill('SIGINT');
    if (launcher.exitCode === null) await once(launcher, 'exit');
  });
  system = await printedBy(launcher);
  merchants = await makeMerchants(system.origin_url, away.href, 1);
}

/** The first notification of this kind, within so long. */
async function hears(
  wanted: Pick<Heard, 'alert' | 'status' | 'receiver'> & { readonly labels?: Readonly<Record<string, string>> },
  withinMs: number,
): Promise<Heard> {
  const { labels = {}, ...rest } = wanted;
  return await vi.waitFor(
    () => {
      const found = log.heard.find(
        (one) =>
          Object.entries({ ...rest }).every(([name, value]) => one[name as keyof Heard] === value) &&
          Object.entries(labels).every(([name, value]) => one.labels[name] === value),
      );
      if (found === undefined)
        throw new Error(
          `not heard: ${JSON.stringify(wanted)}; heard ${JSON.stringify(log.heard.map(({ alert, status, receiver }) => `${alert} ${status} ${receiver}`))}`,
        );
      return found;
    },
    { timeout: withinMs, interval: 200 },
  );
}

/** Names of the alerts that hold back this one, as Alertmanager says it. */
async function suppressed(alert: string): Promise<string[]> {
  const answer = await fetch(`${system.observing?.alertmanager_url}/api/v2/alerts`);
  const all = (await answer.json()) as {
    readonly fingerprint: string;
    readonly labels: { readonly alertname: string };
    readonly status: { readonly inhibitedBy: readonly string[] };
  }[];
  const by = all.find(({ labels }) => labels.alertname === alert)?.status.inhibitedBy ?? [];
  return by.map((print) => all.find(({ fingerprint }) => fingerprint === print)?.labels.alertname ?? print);
}

/** Settlements asked for at a steady pace, whatever is answered, until it is disposed of. */
function keepSettling(): Disposable & { readonly statuses: ReadonlyMap<number, number> } {
  const statuses = new Map<number, number>();
  const [merchant] = merchants;
  const ask = async () => {
    const answer = await fetch(`${system.origin_url}/settlements`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${merchant?.api_key}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({
        merchant_id: merchant?.merchant_id,
        amount_minor: 100,
        currency: 'USD',
        reference: 'alerts',
      }),
    }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer !== null) statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  };
  const timer = setInterval(() => void ask(), settlementEveryMs);
  return { statuses, [Symbol.dispose]: () => clearInterval(timer) };
}

async function setFaults(faults: object): Promise<void> {
  const url = system.providers.find(({ name }) => name === 'simulated')?.admin_url;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/faults`, { method: 'PUT', headers, body: JSON.stringify(faults) });
  expect(answer.status).toBe(200);
}

/** As a person would, at the command line. */
async function trigger(event: 'provider-down' | 'provider-up'): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/trigger.ts', event, 'simulated'], {
    env: { ...process.env, ATLAS_HOME: home },
  });
}
