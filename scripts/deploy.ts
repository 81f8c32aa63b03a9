// npm run deploy: queues, secrets, migrations, origin and edge of an environment, in order, and whether they serve. May be run again
// after whatever stopped it. docs/deploying.md is the way from nothing to here.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildEdge, idOfModules } from './build-edge.ts';
import { letOriginPull, makeQueues, queueSettings } from './deploy/queues.ts';
import { type Half, releaseOrder } from './deploy/release-order.ts';
import { deployedReleases, rollBackEdge, rollBackOrigin, wayBack } from './deploy/rollback.ts';
import { edgeChecks, originChecks, smoke } from './deploy/smoke.ts';
import { checkSecrets, deployEdge, deployOrigin, migrateDatabase } from './deploy/steps.ts';
import {
  type EnvironmentName,
  environmentNames,
  notCommitted,
  notSet,
  readSettingsFile,
  readTarget,
  settingsHelp,
  type Target,
} from './deploy/target.ts';
import { createTools, type Tools } from './deploy/tools.ts';
import { wordsOf } from './words.ts';

const help = `npm run deploy -- --env staging|production [options]

  --dry-run        print every step and command in order, run none (the edge is built), and why the real run would refuse to begin;
                   needs no account
  --only queues    the queues and who pulls them, nothing else: prints their ids, which the origin's settings need. Needs no settings
  --settings FILE  read settings from this file (NAME=value lines) beside the environment
  --first HALF     origin or edge, where the newest section of CHANGELOG.md says otherwise
  --rollback       the way back: list what was deployed, or with --to REVISION bring that up again
  --help           this

Settings, from the environment:
${settingsHelp}
wrangler's own: CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID (or npx wrangler login).`;

interface Words {
  readonly environment: EnvironmentName;
  readonly isDryRun: boolean;
  readonly isQueuesOnly: boolean;
  readonly settings: string | null;
  readonly first: Half | null;
  readonly isRollback: boolean;
  readonly to: string | null;
}

function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      env: { type: 'string', default: '' },
      'dry-run': { type: 'boolean', default: false },
      only: { type: 'string' },
      settings: { type: 'string' },
      first: { type: 'string' },
      rollback: { type: 'boolean', default: false },
      to: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const environment = environmentNames.find((name) => name === values.env);
  if (environment === undefined)
    throw new Error(`--env is ${environmentNames.join(' or ')}, not ${values.env || 'left out'}`);
  const first = values.first;
  if (first !== undefined && first !== 'origin' && first !== 'edge')
    throw new Error(`--first is origin or edge, not ${first}`);
  if (values.only !== undefined && (values.only !== 'queues' || values.rollback))
    throw new Error('--only is queues, and goes without --rollback');
  if (values.to !== undefined && !values.rollback) throw new Error('--to goes with --rollback');
  return {
    environment,
    isDryRun: values['dry-run'],
    isQueuesOnly: values.only === 'queues',
    settings: values.settings ?? null,
    first: first ?? null,
    isRollback: values.rollback,
    to: values.to ?? null,
  };
}

const say = (line: string) => {
  if (line !== '') process.stdout.write(`${line}\n`);
};

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();

let steps = 0;
async function step(title: string, does: () => void | Promise<void>): Promise<void> {
  say(`\n${++steps}. ${title}`);
  await does();
}

async function setUpQueues({ environment }: Words, tools: Tools): Promise<void> {
  await step('queues, which keep messages for 14 days', () => makeQueues(tools, environment));
  await step('the origin may pull the cards’ events, and what is dead', () => letOriginPull(tools, environment));
}

async function deploy(words: Words, tools: Tools): Promise<void> {
  const needs = ['edgeUrl', 'originUrl', 'databaseOwnerUrl', 'originDeploy'] as const;
  const refusals = [notSet(process.env, needs), notCommitted(git('status', '--porcelain'))].filter(
    (why) => why !== null,
  );
  if (refusals.length > 0 && !words.isDryRun) throw new Error(refusals.join('\n'));
  const target = readTarget(words.environment, process.env);
  const first = words.first ?? releaseOrder(readFileSync('CHANGELOG.md', 'utf8'));
  const release = { id: git('rev-parse', 'HEAD'), bundle: idOfModules(buildEdge()) };
  say(`release ${release.id} to ${words.environment}, ${first} first; the edge's bundle is ${release.bundle}`);

  await setUpQueues(words, tools);
  await step('the edge’s secrets are there', () => checkSecrets(tools, words.environment));
  await step('migrations, which only add', () => migrateDatabase(tools, target));
  const halves = { origin: () => deployOrigin(tools, target, release), edge: () => deployEdge(tools, target, release) };
  const second = first === 'origin' ? 'edge' : 'origin';
  await step(`the ${first}`, halves[first]);
  // The other half is not touched while the first one does not serve.
  await step(`the ${first} serves`, () => smoke(tools, aliveChecks(first, target, release.bundle)));
  await step(`the ${second}`, halves[second]);
  await step('smoke check', () => smoke(tools, [...edgeChecks(target, release.bundle), ...originChecks(target)]));
  if (refusals.length > 0) say(`\nWithout --dry-run it would refuse to begin:\n${refusals.join('\n')}`);
}

/** What the origin's settings need of the queues, as lines of its environment. */
async function onlyQueues(words: Words, tools: Tools): Promise<void> {
  await setUpQueues(words, tools);
  await step('their ids, which the origin needs', () => say(queueSettings(tools, words.environment)));
}

/** What can be asked of one half while the other is still that of the release before. */
function aliveChecks(half: Half, target: Target, bundle: string) {
  return half === 'edge' ? edgeChecks(target, bundle) : originChecks(target).slice(0, 1);
}

async function rollBack({ environment, isDryRun, to, first }: Words, tools: Tools): Promise<void> {
  if (to === null) {
    const listed = deployedReleases(tools, environment);
    say(`deployed before, newest first:\n${listed || '  (wrangler says)'}`);
    say(`\ngo back with: npm run deploy -- --env ${environment} --rollback --to REVISION`);
    return;
  }
  const needs = ['edgeUrl', 'originUrl', 'originRollback'] as const;
  const missing = notSet(process.env, needs);
  if (missing !== null && !isDryRun) throw new Error(missing);
  const target = readTarget(environment, process.env);
  const release = git('rev-parse', '--verify', `${to}^{commit}`);
  const way = wayBack(release, git);
  for (const reason of way.reasons) say(reason);
  if (!way.edge && !way.origin) throw new Error('nothing can go back to that release');
  // The other way round than it was deployed: what writes goes back before what reads.
  const wasFirst = first ?? releaseOrder(readFileSync('CHANGELOG.md', 'utf8'));
  const order: readonly Half[] = wasFirst === 'origin' ? ['edge', 'origin'] : ['origin', 'edge'];
  const halves = {
    origin: () => rollBackOrigin(tools, target, release),
    edge: () => rollBackEdge(tools, target, release),
  };
  for (const half of order) if (way[half]) await step(`the ${half} back to ${to}`, halves[half]);
  const checks = [...edgeChecks(target, null), ...originChecks(target).slice(0, 1)];
  await step('smoke check', () => smoke(tools, checks));
}

const words = wordsOf(readWords, help);
try {
  if (words.settings !== null) Object.assign(process.env, readSettingsFile(words.settings, process.env));
  const tools = createTools({ isDryRun: words.isDryRun, say });
  await (words.isRollback ? rollBack : words.isQueuesOnly ? onlyQueues : deploy)(words, tools);
  say(words.isDryRun ? '\nnothing was changed: this was a dry run' : '\ndone');
} catch (error) {
  process.stderr.write(`\ndeploy: ${error instanceof Error ? error.message : error}\n`);
  if (!words.isRollback && steps >= 5)
    process.stderr.write(`The way back: npm run deploy -- --env ${words.environment} --rollback\n`);
  process.exitCode = 1;
}
