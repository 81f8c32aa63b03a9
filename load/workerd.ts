// A bundle on raw workerd, as production runs it: one process, its own disk, a port, and a queue that is an HTTP server of ours.
// Whoever starts one stops it; `kill` is SIGKILL, for the fault tests.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** The package's own word of where its binary is; it ships no types. */
const { default: workerdPath } = createRequire(import.meta.url)('workerd') as { default: string };

export interface WorkerdOptions {
  /** Folder for the configuration and the objects' storage; kept across restarts. */
  readonly directory: string;
  /** The bundle's main module, with the folder's other files left out: one file is all there is. */
  readonly bundle: string;
  /** The objects' classes by their bindings. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly port: number;
  /** Where the queue binding sends its messages. */
  readonly queuePort: number;
  readonly vars: Readonly<Record<string, string>>;
  /** Where a debugger may ask for the heap; absent: nowhere. */
  readonly inspectorPort?: number;
}

export interface Workerd {
  readonly url: string;
  /** Of the process: its processor time is read by it. */
  readonly pid: number;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** What it has written until now: the worker's log. */
  readonly output: () => string;
}

/** Of the edge's bundle. */
export const edgeNamespaces = {
  CARDS: 'CardObject',
  STAND_IN_DESKS: 'StandInDesk',
  KNOWN_CARDS: 'KnownCards',
  STAND_IN_SWITCHES: 'StandInSwitch',
};

const startedWithinMs = 10_000;
const stoppedWithinMs = 5_000;

export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  await mkdir(join(options.directory, 'objects'), { recursive: true });
  const configPath = join(options.directory, 'config.capnp');
  await copyFile(options.bundle, join(options.directory, 'main.js'));
  await writeFile(configPath, capnp(options));
  const { inspectorPort } = options;
  const inspector = inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`];
  const child = await spawned(['serve', configPath, '--experimental', ...inspector]);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
  const url = `http://127.0.0.1:${options.port}`;
  await reachable(url, child, output);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // A worker that never yields never hears the signal.
    const deadline = setTimeout(() => child.kill('SIGKILL'), stoppedWithinMs);
    await exited;
    clearTimeout(deadline);
  };
  return {
    url,
    pid: child.pid ?? 0,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    output: () => output.join(''),
  };
}

/** Its binary is in use for writing for a moment where packages are being installed (ETXTBSY): then it is tried again. */
async function spawned(words: readonly string[]): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const untilMs = Date.now() + startedWithinMs;
  for (;;) {
    const child = spawn(workerdPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      child.once('spawn', () => resolve(null)).once('error', resolve);
    });
    if (error === null) return child;
    if (error.code !== 'ETXTBSY' || Date.now() > untilMs) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function reachable(url: string, child: ChildProcess, output: readonly string[]): Promise<void> {
  const untilMs = Date.now() + startedWithinMs;
  while (Date.now() < untilMs && child.exitCode === null) {
    try {
      await (await fetch(`${url}/livez`)).arrayBuffer();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`workerd did not answer at ${url} within ${startedWithinMs} ms: ${output.join('').slice(-2_000)}`);
}

function capnp(options: WorkerdOptions): string {
  const text = JSON.stringify;
  const namespaces = Object.entries(options.namespaces);
  const vars = Object.entries(options.vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)}),`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = ${text(join(options.directory, 'objects'))}, writable = true)),
    (name = "queue", external = (address = "127.0.0.1:${options.queuePort}", http = ())),
    (name = "stand-ins", external = (address = "127.0.0.1:${options.queuePort}", http = (
      injectRequestHeaders = [(name = "x-queue", value = "atlas-stand-ins")]))),
    (name = "internet", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${options.port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "main.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [
    ${namespaces.map(([, name]) => `(className = ${text(name)}, uniqueKey = ${text(name === 'CardObject' ? 'atlas' : `atlas-${name}`)}, enableSql = true),`).join('\n    ')}
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    ${namespaces.map(([binding, name]) => `(name = ${text(binding)}, durableObjectNamespace = ${text(name)}),`).join('\n    ')}
    (name = "CARD_EVENTS", queue = "queue"),
    (name = "CARD_EVENTS_2", queue = "queue"),
    (name = "STAND_INS", queue = "stand-ins"),
    ${vars.join('\n    ')}
  ],
);
`;
}
