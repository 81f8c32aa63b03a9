import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../contracts/ids.ts';
import { deliverAnswerSchema } from '../contracts/internal-api.ts';
import { signCall } from '../contracts/sign-call.ts';
import { asOwner, createTestDatabase, ownerUrl, serviceUrl } from '../scripts/test-postgres.ts';
import { until } from '../scripts/test-waiting.ts';
import { verifyLedger } from './ledger/verify.ts';
import { SampleCard } from './testing/sample-card.ts';
import { type StandInEdge, startStandInEdge } from './testing/stand-in-edge.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
let edge: StandInEdge;
let child: ChildProcess | null = null;

beforeAll(async () => {
  edge = await startStandInEdge();
  return () => edge.close();
});
afterEach(() => {
  child?.kill('SIGKILL');
});

function run(environment: Record<string, string>): ChildProcess {
  child = spawn(process.execPath, [main], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  return child;
}

async function start(
  url: string,
  settings: Record<string, string> = {},
): Promise<{ process: ChildProcess; url: string; lines: string[] }> {
  const started = run({
    DATABASE_URL: url,
    API_KEY: 'an-api-key-of-tests-000000',
    INTERNAL_SECRET: edge.secret,
    EDGE_URL: edge.url,
    PORT: '0',
    ...settings,
  });
  const lines: string[] = [];
  if (started.stdout === null) throw new Error('no output to read');
  const output = createInterface(started.stdout);
  output.on('line', (line) => lines.push(line));
  const listening = await new Promise<string>((resolve, reject) => {
    started.once('exit', (code) => reject(new Error(`ended with ${code}: ${lines.join('\n')}`)));
    output.on('line', (line) => {
      const said: { msg: string; url?: string } = JSON.parse(line);
      if (said.msg === 'listening') resolve(said.url ?? '');
    });
  });
  return { process: started, url: listening, lines };
}

async function deliver(origin: string, messages: { id: string; body: unknown }[]) {
  const body = JSON.stringify({ messages });
  const path = '/internal/card-events';
  const signature = signCall(
    edge.secret,
    { method: 'POST', pathAndQuery: path, body },
    { id: newId('req'), at: new Date() },
  );
  const answer = await fetch(origin + path, { method: 'POST', headers: signature, body });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return deliverAnswerSchema.parse(await answer.json()).results;
}

describe('the process', () => {
  test('I1: with MIGRATE=check it starts with its own login on a schema that fits, and refuses by name what does not', async () => {
    const url = await createTestDatabase();
    const origin = await start(url, { MIGRATE: 'check' });
    expect((await fetch(`${origin.url}/readyz`)).status).toBe(200);
    origin.process.kill('SIGKILL');
    const check = (at: string, more: Record<string, string> = {}) => start(at, { MIGRATE: 'check', ...more });
    await expect(check(ownerUrl(url))).rejects.toThrow("is a superuser; DATABASE_URL must name the service's own");
    await expect(check(url, { DESTINATION_COOLING_HOURS: '1' })).rejects.toThrow(
      'DESTINATION_COOLING_HOURS is 1 here and 24 in the database',
    );
    const empty = serviceUrl(await createTestDatabase({ empty: true }));
    await expect(check(empty)).rejects.toThrow(/0001_roles\.sql first; run `npm run migrate`/);
  });

  test('MIGRATE=run by the login of the service, which owns nothing: what it lacks and two cures are said', async () => {
    const empty = serviceUrl(await createTestDatabase({ empty: true }));
    const run = (url: string) => start(url, { MIGRATE: 'run' });
    await expect(run(empty)).rejects.toThrow(
      /does not own this database \(permission denied[^)]*\): set DATABASE_OWNER_URL to the owner's, or MIGRATE=check/,
    );
    const behind = await createTestDatabase();
    await asOwner(behind, (sql) => sql.query('delete from schema_migrations where version > 30'));
    await expect(run(serviceUrl(behind))).rejects.toThrow(/does not own this database.*set DATABASE_OWNER_URL/);
  });

  test('SIGTERM under load: it ends with 0, and nothing that it acknowledged is lost', async () => {
    const database = await createTestDatabase();
    const origin = await start(database);
    const acknowledged: string[] = [];
    let failed = 0;
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let turn = 0; failed < 8; turn += 1) {
        const card = new SampleCard(`stop-${worker}-${turn}`);
        for (let n = 1; n <= 20; n += 1) card.clear(card.authorize(n), n);
        const messages = card.events.map(({ sequence }) => ({ id: `${sequence}`, body: card.message(sequence) }));
        try {
          const results = await deliver(origin.url, messages);
          const done = results.filter(({ outcome }) => outcome === 'done');
          acknowledged.push(...done.map(({ id }) => `${card.card_token} ${id}`));
        } catch {
          failed += 1;
          return;
        }
        if (turn === 3) origin.process.kill('SIGTERM');
      }
    });
    const exited = once(origin.process, 'exit');
    await Promise.all(workers);
    expect(await exited).toEqual([0, null]);

    const { rows } = await asOwner(database, (sql) =>
      sql.query<{ event: string }>(
        `select card_token || ' ' || sequence as event from card_events join card_streams using (stream_id)`,
      ),
    );
    const kept = new Set(rows.map(({ event }) => event));
    expect(acknowledged.length).toBeGreaterThan(500);
    expect(acknowledged.filter((event) => !kept.has(event))).toEqual([]);
    expect((await asOwner(database, verifyLedger)).differences).toEqual([]);
    expect(origin.lines.filter((line) => /"level":"(?:error|fatal)"/.test(line))).toEqual([]);
  });

  test('A12: SIGTERM: not ready first, while everything is served on; then it ends', async () => {
    const origin = await start(await createTestDatabase(), { STOP_UNREADY_SECONDS: '2' });
    const status = async (path: string) => (await fetch(origin.url + path)).status;
    expect(await status('/readyz')).toBe(200);
    const exited = once(origin.process, 'exit');
    origin.process.kill('SIGTERM');
    expect(
      await until(
        () => status('/readyz'),
        (code) => code === 503,
      ),
    ).toBe(503);
    const card = new SampleCard('served-on');
    card.authorize(1);
    expect(await deliver(origin.url, [{ id: '1', body: card.message(1) }])).toEqual([{ id: '1', outcome: 'done' }]);
    expect(await exited).toEqual([0, null]);
  });

  test('A12: what is not over in time is named, and the process ends all the same', async () => {
    const origin = await start(await createTestDatabase(), { STOP_SECONDS_MAX: '5' });
    const { hostname, port } = new URL(origin.url);
    const half = connect(Number(port), hostname);
    half.on('error', () => {});
    half.write('POST /internal/card-events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    await until(
      () => fetch(`${origin.url}/livez`),
      ({ ok }) => ok,
    );
    const exited = once(origin.process, 'exit');
    const startMs = performance.now();
    origin.process.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    expect(performance.now() - startMs).toBeLessThan(9_000);
    expect(origin.lines.join('\n')).toContain('requests: not over 5 s after it was told to stop');
    half.destroy();
  });

  test('a wrong configuration stops the start, and the message names the value', async () => {
    const started = run({ PORT: 'no-number' });
    const said: string[] = [];
    started.stderr?.on('data', (text) => said.push(String(text)));
    expect(await once(started, 'exit')).toEqual([1, null]);
    expect(said.join('')).toMatch(
      /^configuration: PORT: must be a whole number from 0 to 65535; DATABASE_URL: is not set; API_KEY: is not set/,
    );
  });

  test('a database that is not there stops the start', async () => {
    await expect(start('postgresql://nobody@127.0.0.1:1/none')).rejects.toThrow(
      /ended with 1: .*connect ECONNREFUSED.*could not start/,
    );
  });
});
