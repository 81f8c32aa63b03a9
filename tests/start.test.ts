// npm start as a new user has it: from nothing, an authorization by the printed credentials, its timeline, and an orderly end.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { portsUsed } from '../scripts/dev/options.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePorts } from '../scripts/free-port.ts';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import { printedBy } from './printed-system.ts';

let temporary: string;
let home: string;
let portBase: number;

beforeAll(async () => {
  // mkdtemp's folder is closed to others, and as root Postgres runs as a user of its own.
  temporary = await mkdtemp(join(tmpdir(), 'atlas-start-'));
  await chmod(temporary, 0o755);
  home = join(temporary, 'home');
  portBase = await freePorts(portsUsed);
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

/** By npm itself where that is the question: its shell must hand on what a supervisor sends. */
function launch(by: 'node' | 'npm' = 'node'): ChildProcess {
  const [file, ...words] = by === 'npm' ? ['npm', 'start', '--silent', '--'] : [process.execPath, 'scripts/dev.ts'];
  return spawn(file, [...words, '--json', `--port-base=${portBase}`], {
    env: { ...process.env, ATLAS_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, as a terminal gives to what it runs.
    detached: true,
  });
}

async function authorize({ edge_url, marqeta, cards }: Running, card: string) {
  const cardToken = cards.find(({ name }) => name === card)?.card_token ?? '';
  const answer = await fetch(`${edge_url}/networks/marqeta/gateway`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${marqeta.username}:${marqeta.password}`)}` },
    body: gatewayMessage({ cardToken, amount: '12.34' }),
  });
  const { jit_funding } = (await answer.json()) as { jit_funding: { tags: string } };
  return { status: answer.status, authorizationId: jit_funding.tags.replace('authorization_id=', '') };
}

async function timeline({ origin_url, api_key }: Running, authorizationId: string) {
  const answer = await fetch(`${origin_url}/authorizations/${authorizationId}/timeline`, {
    headers: { authorization: `Bearer ${api_key}` },
  });
  return answer.ok ? answer.json() : null;
}

/** README's own `npm run audit -- verify`, against what runs. */
async function auditVerified(): Promise<{ clean: boolean; witnessed: boolean; status: number }> {
  return await new Promise((resolve) => {
    const environment = { ...process.env, ATLAS_HOME: home };
    execFile(process.execPath, ['scripts/audit.ts', 'verify', '--json'], { env: environment }, (error, stdout) =>
      resolve({ ...JSON.parse(stdout), status: error === null ? 0 : error.code }),
    );
  });
}

async function end(launcher: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(launcher, 'exit');
  launcher.kill(signal);
  await exited;
}

/** A terminal sends its Ctrl-C to everybody in the foreground: npm, what it runs, and what that runs and did not set apart. */
async function ctrlC(launcher: ChildProcess): Promise<void> {
  const exited = once(launcher, 'exit');
  process.kill(-(launcher.pid ?? Number.NaN), 'SIGINT');
  await exited;
}

/** Half a second where nothing else runs. A busy machine needs more, and whoever waits for what never comes gives up after 10 s. */
const stopMsMax = 8_000;

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('from nothing to a booked authorization; kill -9 leaves nothing running, it starts again with the same data, and Ctrl-C ends all of it', async () => {
  const first = launch();
  const before = await printedBy(first);
  const approved = await authorize(before, 'plain');
  expect(approved.status).toBe(200);
  expect((await authorize(before, 'frozen')).status).toBe(402);
  const transfers = [expect.objectContaining({ kind: 'pending', amount_minor: 1234 })];
  await vi.waitFor(
    async () =>
      expect(await timeline(before, approved.authorizationId)).toMatchObject({
        decision: { outcome: 'approved' },
        events: [{ kind: 'authorization', transfers }],
      }),
    { timeout: 20_000, interval: 100 },
  );
  // The witness looks every ten seconds: the first change of a new house is witnessed by then, and nothing speaks against it.
  await vi.waitFor(
    async () => expect(await auditVerified()).toMatchObject({ clean: true, witnessed: true, status: 0 }),
    { timeout: 30_000, interval: 1_000 },
  );
  const groups = JSON.parse(await readFile(join(home, 'children.json'), 'utf8')) as { pid: number; mark: string }[];
  expect(groups.length).toBeGreaterThan(4);
  await end(first, 'SIGKILL');
  // Nobody is told, and all the same nothing is left, before anybody starts again.
  await vi.waitFor(() => expect(groups.filter(({ pid }) => isThere(-pid))).toEqual([]), {
    timeout: 45_000,
    interval: 200,
  });
  expect(await logOf('postgres')).toMatch(/database system is shut down\n$/);

  const second = launch();
  const after = await printedBy(second);
  expect(after.cards).toEqual(before.cards);
  expect(await timeline(after, approved.authorizationId)).not.toBeNull();
  const startedMs = performance.now();
  await ctrlC(second);
  expect(performance.now() - startedMs).toBeLessThan(stopMsMax);
  // The database is there until the origin has ended, and neither speaks of an error.
  const [, postgresEnd = ''] = (await logOf('postgres')).split('received fast shutdown request');
  expect(postgresEnd).toMatch(/database system is shut down\n$/);
  const origin = await logOf('origin');
  expect(origin).toMatch(/INFO: stopped\n$/);
  for (const text of [postgresEnd, origin, await logOf('edge'), await logOf('simulated')])
    expect(text).not.toMatch(/ERROR|FATAL|PANIC|\n\s+at .+:\d+:\d+/);
  await expect(fetch(`${after.edge_url}/livez`)).rejects.toThrow();
  await expect(fetch(`${after.origin_url}/livez`)).rejects.toThrow();
  expect(await readdir(home)).not.toContain('running.json');
});

const logOf = (name: string) => readFile(join(home, `logs/${name}.log`), 'utf8');

/** The workerd that listens on the edge's port: wrangler's child. */
async function workerdOf({ edge_url }: Running): Promise<number> {
  const { port } = new URL(edge_url);
  const found = await promisify(execFile)('pgrep', ['-f', `workerd serve .*127.0.0.1:${port}`]);
  return Number(found.stdout.trim().split('\n')[0]);
}

test('an origin that is killed comes back, and the edge has decided meanwhile what is booked then', async () => {
  const launcher = launch();
  const system = await printedBy(launcher);
  const trigger = async (...words: readonly string[]) => {
    const environment = { ...process.env, ATLAS_HOME: home };
    const command = ['scripts/trigger.ts', ...words, `--port-base=${portBase}`];
    return (await promisify(execFile)(process.execPath, command, { env: environment })).stdout;
  };
  expect(await trigger('origin-down')).toContain('comes back in 20 s');
  await expect(fetch(`${system.origin_url}/livez`)).rejects.toThrow();
  const said = await trigger('authorization', '--card=plain', '--amount=12.34');
  expect(said).toMatch(/answer {6}200 approved[\s\S]*the origin is away: the edge has decided without it/);
  const [id = ''] = /auth_[0-9a-z]{26}/.exec(said) ?? [];
  await vi.waitFor(async () => expect(await timeline(system, id).catch(() => null)).not.toBeNull(), {
    timeout: 60_000,
    interval: 500,
  });
  const startedMs = performance.now();
  await end(launcher, 'SIGTERM');
  expect(performance.now() - startedMs).toBeLessThan(stopMsMax);
});

test('npm itself killed by kill -9 leaves nothing running', async () => {
  const npm = launch('npm');
  const system = await printedBy(npm);
  const groups = JSON.parse(await readFile(join(home, 'children.json'), 'utf8')) as { pid: number }[];
  await end(npm, 'SIGKILL');
  await vi.waitFor(() => expect(groups.filter(({ pid }) => isThere(-pid))).toEqual([]), {
    timeout: 45_000,
    interval: 200,
  });
  await expect(fetch(`${system.origin_url}/livez`)).rejects.toThrow();
});

test('a workerd that is killed is started again; SIGTERM to npm start alone ends all of it', async () => {
  const npm = launch('npm');
  const system = await printedBy(npm);
  process.kill(await workerdOf(system), 'SIGKILL');
  await expect(fetch(`${system.edge_url}/livez`, { signal: AbortSignal.timeout(500) })).rejects.toThrow();
  await vi.waitFor(async () => expect((await authorize(system, 'plain')).status).toBe(200), {
    timeout: 40_000,
    interval: 500,
  });
  // Postgres may have gone by itself: that keeps nobody from ending the rest.
  const [postmaster] = (await readFile(join(home, 'postgres/postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(postmaster), 'SIGKILL');
  const startedMs = performance.now();
  await end(npm, 'SIGTERM');
  await vi.waitFor(() => expect(fetch(`${system.origin_url}/livez`)).rejects.toThrow(), { timeout: 10_000 });
  await vi.waitFor(() => expect(fetch(`${system.edge_url}/livez`)).rejects.toThrow(), { timeout: 10_000 });
  expect(performance.now() - startedMs).toBeLessThan(stopMsMax);
  expect(await readdir(home)).not.toContain('running.json');
});
