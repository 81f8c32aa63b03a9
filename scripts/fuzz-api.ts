// npm run fuzz-api: Schemathesis asks every operation of openapi.json of a system of its own, in every way that the document allows and in
// many that it does not, and holds each answer to the document. A difference is a mistake of one of the two.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { started, temporaryDirectory } from '../load/started.ts';
import { projectRoot } from './dev/home.ts';
import { portsUsed } from './dev/options.ts';
import type { Running } from './dev/running.ts';
import { freePorts } from './free-port.ts';
import { type Document, withKnownIds } from './fuzz-api/known-ids.ts';
import { seed as seedSystem } from './fuzz-api/seed.ts';
import { reportOf } from './fuzz-api/succeeded.ts';
import { wordsOf } from './words.ts';

const help = `npm run fuzz-api -- [options]      openapi.json against the running code, by Schemathesis (pip install schemathesis==4.32.5)

  --seconds N    at most so long in all (default 60)
  --seed N       other cases (default 1)
  --help         this

Exits with 1 where an answer is an error of the server's or not what the document says, with 2 where it could not be tried.`;

/** What no answer may be: a server's error, or anything that the document does not have. */
const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_headers_conformance', 'response_schema_conformance'],
];

interface Words {
  readonly seconds: string;
  readonly seed: string;
}

function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  for (const name of ['seconds', 'seed'] as const)
    if (!/^[1-9]\d{0,8}$/.test(values[name])) throw new Error(`--${name} ${values[name]} is not a whole number`);
  return { seconds: values.seconds, seed: values.seed };
}

/** On PATH, or where `.ci/run` puts it. */
function schemathesis(): string {
  const places = ['st', join(projectRoot, '.ci/venv/bin/st')];
  const found = places.find((place) => spawnSync(place, ['--version']).status === 0);
  if (found === undefined) throw new Error('Schemathesis is not here: pip install schemathesis==4.32.5');
  return found;
}

async function startSystem(parts: AsyncDisposableStack): Promise<Running> {
  const home = await temporaryDirectory(parts, 'fuzz');
  await chmod(home, 0o755);
  const base = await freePorts(portsUsed);
  const system = spawn(process.execPath, ['scripts/dev.ts', '--json', `--port-base=${base}`], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Quotas would answer most of it.
    env: {
      ...process.env,
      ATLAS_HOME: home,
      RATE_LIMIT_PER_MINUTE: '10000000',
      RATE_LIMIT_BURST_PER_SECOND: '100000',
    },
  });
  const ended = once(system, 'exit');
  parts.defer(async () => {
    system.kill('SIGTERM');
    await ended;
  });
  const line = await new Promise<string>((resolve, reject) => {
    let said = '';
    system.stdout.on('data', (piece) => {
      said += String(piece);
      if (said.includes('\n')) resolve(said);
    });
    system.once('exit', () => reject(new Error('the system did not start')));
  });
  const running = JSON.parse(line) as Running;
  await seedSystem(running);
  return running;
}

/** Each gets its share of the time. By links alone a route is reached with an id that there is, so these come first. */
const phases = ['stateful', 'examples,coverage,fuzzing'];

async function fuzz(words: Words): Promise<number> {
  const program = schemathesis();
  await using parts = started();
  const running = await startSystem(parts);
  const { origin_url, api_key } = running;
  const get = async (path: string) =>
    await (await fetch(origin_url + path, { headers: { authorization: `Bearer ${api_key}` } })).json();
  const document = await withKnownIds((await get('/openapi.json')) as Document, get);
  const file = join(await temporaryDirectory(parts, 'openapi'), 'openapi.json');
  await writeFile(file, JSON.stringify(document));
  let exit = 0;
  for (const phase of phases) if ((await fuzzIn(phase, { program, parts, running, file, ...words })) !== 0) exit = 1;
  process.stdout.write(`fuzz-api: ${reportOf(document, await (await fetch(`${origin_url}/metrics`)).text())}`);
  return exit;
}

interface Fuzzing extends Words {
  readonly program: string;
  readonly parts: AsyncDisposableStack;
  readonly running: Running;
  /** The document that is asked by. */
  readonly file: string;
}

async function fuzzIn(phase: string, { program, parts, running, file, seconds, seed }: Fuzzing): Promise<number> {
  const { origin_url, api_key } = running;
  const secondsEach = String(Math.max(1, Math.floor(Number(seconds) / phases.length)));
  const asking = spawn(
    program,
    [
      ...['run', file, '--url', origin_url, '-H', `Authorization: Bearer ${api_key}`],
      ...['--phases', phase, '--max-time', secondsEach],
      ...['--seed', seed, '--generation-deterministic', '--checks', checks.join(',')],
      ...['-n', '10', '--no-shrink', '--continue-on-failure', '--suppress-health-check', 'all'],
      ...['--request-timeout', '60'],
    ],
    // What it remembers of failures goes with the folder.
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: await temporaryDirectory(parts, 'schemathesis') },
  );
  const [said, [code]] = await Promise.all([text(asking.stdout), once(asking, 'exit')]);
  process.stdout.write(said.replaceAll(api_key, '…'));
  return code === 0 ? 0 : 1;
}

const words = wordsOf(readWords, help);
try {
  process.exitCode = await fuzz(words);
} catch (error) {
  process.stderr.write(`fuzz-api: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
