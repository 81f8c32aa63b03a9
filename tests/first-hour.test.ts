// docs/first-program.md, docs/companies.md, README's commands by hand and the signed call of docs/native-network.md, as a newcomer runs them: against npm
// start, in the order of the page.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { portsUsed } from '../scripts/dev/options.ts';
import type { Running } from '../scripts/dev/running.ts';
import { freePorts } from '../scripts/free-port.ts';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import { marqeta } from '../worker/networks/marqeta/network.ts';
import { namedBlock, runStep, Shell, type Step, stepsOf } from './page-commands.ts';
import { printedBy } from './printed-system.ts';

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');
const page = await read('docs/first-program.md');
const readme = await read('README.md');

const native = await read('docs/native-network.md');

const [start, ...steps] = stepsOf(page);
const byHand = stepsOf(readme.slice(readme.indexOf('## A first authorization by hand')));

let temporary: string;
let launcher: ChildProcess;
let system: Running;
let shell: Shell;

beforeAll(async () => {
  // mkdtemp's folder is closed to others, and as root Postgres runs as a user of its own.
  temporary = await mkdtemp(join(tmpdir(), 'atlas-hour-'));
  await chmod(temporary, 0o755);
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const environment = { ...process.env, ATLAS_HOME: join(temporary, 'home'), PATH: path };
  const portBase = await freePorts(portsUsed);
  launcher = spawn(process.execPath, ['scripts/dev.ts', '--json', `--port-base=${portBase}`], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  system = await printedBy(launcher);
  shell = new Shell(temporary, environment);
});

afterAll(async () => {
  shell?.close();
  const exited = once(launcher, 'exit');
  launcher.kill('SIGINT');
  await exited;
  await rm(temporary, { recursive: true, force: true });
});

/** The page's addresses are those of the default ports. */
function here(step: Step): Step {
  const commands = step.commands
    .replaceAll('http://127.0.0.1:8787', system.edge_url)
    .replaceAll('http://127.0.0.1:8788', system.origin_url);
  return { ...step, commands };
}

/** One test for a whole page: what a step makes, the next one uses. */
const wholePageMs = 300_000;

describe('docs/first-program.md', () => {
  test('starts as the README says', () => {
    expect(start?.commands).toBe('npm install && npm start\n');
    expect(readme).toContain(`\`\`\`sh\n${start?.commands}\`\`\``);
  });

  test('every command does what the page says, in the order of the page', { timeout: wholePageMs }, async () => {
    expect(steps.filter(({ answer }) => answer !== null).length).toBeGreaterThan(12);
    for (const step of steps) await runStep(shell, here(step));
  });

  test('what is entered at Marqeta opens the two doors, and leaves Atlas its time', async () => {
    const gateway = JSON.parse(namedBlock(page, 'programgateway'));
    const webhook = JSON.parse(namedBlock(page, 'webhook'));
    const product = JSON.parse(namedBlock(page, 'cardproduct'));
    expect(gateway.timeout_millis).toBeGreaterThanOrEqual(marqeta.deadlineMs + 250);
    expect(product.programgateway_funding_source.funding_source_token).toBe(gateway.token);
    const [card] = system.cards;
    const asked = gatewayMessage({ cardToken: card?.card_token ?? '', amount: '1.00' });
    expect(await status(gateway, asked)).toBe(200);
    expect(await status(webhook.config, '{"pings":[{"token":"marqeta","payload":"healthcheck"}]}')).toBe(200);
    expect(await status({ ...gateway, basic_auth_password: 'another' }, asked)).toBe(401);
  });
});

interface Entered {
  readonly url: string;
  readonly basic_auth_username: string;
  readonly basic_auth_password: string;
}

/** As Marqeta calls what was entered, at this edge: names of secrets are replaced by their values here. */
async function status({ url, basic_auth_username, basic_auth_password }: Entered, body: string): Promise<number> {
  const { username, password } = system.marqeta;
  const secret = (name: string) => ({ MARQETA_USERNAME: username, MARQETA_PASSWORD: password })[name] ?? name;
  const authorization = `Basic ${btoa(`${secret(basic_auth_username)}:${secret(basic_auth_password)}`)}`;
  const to = new URL(new URL(url).pathname, system.edge_url);
  return (await fetch(to, { method: 'POST', headers: { authorization }, body })).status;
}

test('docs/companies.md: every command does what the page says', { timeout: wholePageMs }, async () => {
  const ofCompanies = stepsOf(await read('docs/companies.md'));
  expect(ofCompanies.filter(({ answer }) => answer !== null).length).toBeGreaterThan(8);
  for (const step of ofCompanies) await runStep(shell, here(step));
});

test('README: the commands of a first authorization by hand', { timeout: wholePageMs }, async () => {
  expect(byHand.flatMap(({ commands }) => commands.trim().split('\n'))).toHaveLength(5);
  for (const step of byHand) await runStep(shell, step);
});

test('docs/native-network.md: a call that is signed by hand is believed', async () => {
  const byHand = stepsOf(native);
  expect(byHand.map(({ answer }) => answer?.form)).toEqual(['json']);
  for (const step of byHand) await runStep(shell, here(step));
});
