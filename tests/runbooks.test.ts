// Every command of every runbook, run beside npm start with real ids: what somebody copies at 3 am is there, and ends with 0.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { fewAtATime } from '../load/few-at-a-time.ts';
import { commandsOf, placeholdersIn, type RunbookCommand } from '../ops/runbook-commands.ts';
import { runbooks, textOfRunbook } from '../ops/write/runbook-index.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { portsUsed } from '../scripts/dev/options.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePorts } from '../scripts/free-port.ts';
import { printedBy } from './printed-system.ts';

let temporary: string;
let launcher: ChildProcess;
let running: Running;
let environment: NodeJS.ProcessEnv;
let ids: ReadonlyMap<string, string>;
/** Of a session that does nothing: the one that a runbook may end. */
let sleeping: Awaited<ReturnType<typeof connectOwner>>;

beforeAll(async () => {
  // mkdtemp's folder is closed to others, and as root Postgres runs as a user of its own.
  temporary = await mkdtemp(join(tmpdir(), 'atlas-runbooks-'));
  await chmod(temporary, 0o755);
  // A page that is not there is a failure here, and its text is shown all the same.
  await writeFile(join(temporary, '.curlrc'), 'fail-with-body\n');
  environment = { ...process.env, ATLAS_HOME: join(temporary, 'home'), CURL_HOME: temporary };
  const portBase = await freePorts(portsUsed);
  launcher = spawn(process.execPath, ['scripts/dev.ts', '--json', `--port-base=${portBase}`], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = await printedBy(launcher);
  Object.assign(environment, {
    ATLAS_URL: running.origin_url,
    ATLAS_INNER_URL: running.origin_url,
    ATLAS_EDGE_URL: running.edge_url,
    ATLAS_API_KEY: running.api_key,
    AUDIT_CHECKPOINTS: join(temporary, 'home/checkpoints'),
  });
  sleeping = await connectOwner(running.database_url);
  ids = await makeWhatIsNamed();
}, 180_000);
afterAll(async () => {
  await sleeping.end();
  const ended = once(launcher, 'exit');
  launcher.kill('SIGTERM');
  await ended;
  await rm(temporary, { recursive: true, force: true });
});

/** A purchase with its clearing, a clearing that is nobody's, a key to take back: what the placeholders stand for. */
async function makeWhatIsNamed(): Promise<ReadonlyMap<string, string>> {
  for (const words of [
    'authorization --card plain --amount 25.00',
    'clearing',
    'force-post --amount 9.00 --merchant 000000000012345',
  ])
    await run({ language: 'sh', text: `npm run trigger -- ${words}`, elsewhere: null });
  const cardId = running.cards[0]?.card_id ?? '';
  const authorization = await vi.waitUntil(
    async () => first(await get(`/authorizations?card_id=${cardId}`), 'authorizations'),
    { timeout: 30_000, interval: 500 },
  );
  const item = await vi.waitUntil(async () => first(await get('/open-items'), 'open_items'), {
    timeout: 30_000,
    interval: 500,
  });
  const [released, kept] = [await withheldAt('000000000067890'), await withheldAt('000000000067891')];
  await distributionOnItsWay(running.control_set_id);
  const key = await get('/api-keys', { name: 'to be taken back', scopes: ['cards:read'] });
  const { rows } = await sleeping.query<{ pid: number }>('select pg_backend_pid() as pid');
  return new Map([
    ['CARD_ID', cardId],
    ['AUTHORIZATION_ID', String(authorization['authorization_id'])],
    ['OPEN_ITEM_ID', String(item['open_item_id'])],
    ['WITHHELD_ITEM_ID', released],
    ['STOLEN_ITEM_ID', kept],
    ['SUM', '6000000'],
    ['API_KEY_ID', String(key['api_key_id'])],
    ['CONTROL_SET_ID', running.control_set_id],
    ['VERSION', '1'],
    ['REASON', 'a test of the runbooks'],
    ['PID', String(rows[0]?.pid)],
  ]);
}

/** A second version on its way to few of the set's cards; paused, since a running one is over before anybody can pause it. */
async function distributionOnItsWay(controlSetId: string): Promise<void> {
  const { version } = await get(`/control-sets/${controlSetId}/versions`, { controls: [] });
  await sleeping.query(
    `insert into control_set_distributions
       (control_set_id, distribution_no, version, version_before, percent, state, cards_to_move, actor, correlation_id)
     values ($1, 1, $2, 1, 5, 'paused', 0, 'a test', 'a test')`,
    [controlSetId, version],
  );
}

/** An item of 60,000.00 that no card approved, at a shop that a merchant has: more than a network's day lets pass. */
async function withheldAt(shop: string): Promise<string> {
  const { merchant_id } = await get('/merchants', { name: 'Shop', currency: 'USD', network_merchant_ids: [shop] });
  await run({
    language: 'sh',
    text: `npm run trigger -- force-post --card grocery-only --amount 60000.00 --merchant ${shop}`,
    elsewhere: null,
  });
  const item = await vi.waitUntil(
    async () => first(await get(`/open-items?kind=clearing_withheld&merchant_id=${merchant_id}`), 'open_items'),
    { timeout: 30_000, interval: 500 },
  );
  return String(item['open_item_id']);
}

const bodySchema = z.record(z.string(), z.unknown());
type Body = z.infer<typeof bodySchema>;

async function get(path: string, body?: object): Promise<Body> {
  const answer = await fetch(`${running.origin_url}${path}`, {
    headers: { authorization: `Bearer ${running.api_key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(answer.ok, path).toBe(true);
  return bodySchema.parse(await answer.json());
}

/** Undefined: there is none yet. */
const first = (body: Body, member: string): Body | undefined => z.array(bodySchema).parse(body[member])[0];

const shell = promisify(execFile);

/** Throws with what it printed where it does not end with 0. */
async function run({ language, text }: RunbookCommand): Promise<void> {
  const missing = placeholdersIn(text).filter((name) => !ids?.has(name));
  if (missing.length > 0) throw new Error(`${text}: nothing is known of ${missing.join(', ')}`);
  const filled = placeholdersIn(text).reduce((so, name) => so.replaceAll(name, ids.get(name) ?? ''), text);
  if (language === 'sql') {
    const sql = await connectOwner(running.database_url);
    await sql.query(filled).finally(() => sql.end());
    return;
  }
  await shell('bash', ['-c', `set -o pipefail; ${filled}`], { env: environment, timeout: 60_000 });
}

/** Of a failure, what a reader of the test's report needs. */
async function failureOf(command: RunbookCommand): Promise<string | null> {
  try {
    await run(command);
    return null;
  } catch (error) {
    const { code, stdout = '', stderr = '', message } = Object(error);
    return `${command.text}: ${code === undefined ? message : `ended with ${code}`}\n${stdout}${stderr}`;
  }
}

const pages = runbooks().map((name) => ({ name, commands: commandsOf(textOfRunbook(name)) }));
const runnable = pages.flatMap(({ commands }) => commands.filter(({ elsewhere }) => elsewhere === null));
const different = [...new Map(runnable.map((command) => [command.text, command])).values()];
/** The three of a page's beginning look, and change nothing (ops/ops.test.ts holds them to that). */
const looking = new Set(pages.flatMap(({ commands }) => commands.slice(0, 3).map(({ text }) => text)));
const ofExport = (text: string) => text.includes('--export');

test('the commands that look', { timeout: 300_000 }, async () => {
  const failures: (string | null)[] = [];
  await fewAtATime(
    different.filter(({ text }) => looking.has(text) && !ofExport(text)),
    async (command) => {
      failures.push(await failureOf(command));
    },
    3,
  );
  expect(failures.length).toBeGreaterThan(20);
  expect(failures.filter((failure) => failure !== null)).toEqual([]);
});

test('the commands that change something, in the order of the pages', { timeout: 300_000 }, async () => {
  const failures: (string | null)[] = [];
  for (const command of different.filter(({ text }) => !looking.has(text))) failures.push(await failureOf(command));
  expect(failures.length).toBeGreaterThan(15);
  expect(failures.filter((failure) => failure !== null)).toEqual([]);
});

test('what was carried off the host is proved, once a minute has gathered it', { timeout: 180_000 }, async () => {
  const [command, ...more] = different.filter(({ text }) => ofExport(text));
  if (command === undefined) throw new Error('no runbook looks at the export');
  expect(more).toEqual([]);
  await vi.waitUntil(async () => (await failureOf(command)) === null, { timeout: 150_000, interval: 5_000 });
});

test('a command with a wrong word in it, or of a page that is not there, is found', { timeout: 60_000 }, async () => {
  const wrong = [
    'npm run open-itmes -- counts',
    'npx atlas queue staus',
    'curl -s "$ATLAS_INNER_URL/helth"',
    'npx atlas card show',
  ];
  for (const text of wrong)
    expect(await failureOf({ language: 'sh', text, elsewhere: null }), text).toContain('ended with');
  expect(await failureOf({ language: 'sh', text: 'npx atlas card show OTHER_ID', elsewhere: null })).toContain(
    'OTHER_ID',
  );
});
