// The steps of a deployment. Each may be run again: what is there already is left, or set to what it should be.

import { type EnvironmentName, edgeSecrets, queuesOf, retentionSeconds, retriesMax, type Target } from './target.ts';
import { type Command, type Tools, wrangler } from './tools.ts';

export interface Release {
  /** The revision. */
  readonly id: string;
  /** Of the edge's modules: what the edge says that it runs, and the origin expects. */
  readonly bundle: string;
}

export function makeQueues(tools: Tools, environment: EnvironmentName): void {
  const { cardEvents, cardEventsDead, standIns, standInsDead } = queuesOf(environment);
  for (const queue of [cardEventsDead, standInsDead, cardEvents, standIns]) {
    const found = tools.look(wrangler('queues', 'info', queue));
    const keeping = [queue, '--message-retention-period-secs', String(retentionSeconds)];
    if (found == null) tools.run(wrangler('queues', 'create', ...keeping), 'where it is not there yet');
    if (found !== null) tools.run(wrangler('queues', 'update', ...keeping), 'where it is there');
  }
}

interface PullConsumer {
  readonly settings?: { readonly max_retries?: number };
  readonly dead_letter_queue?: string;
}

/**
 * The consumers that the origin pulls by: of the cards' events and of both dead queues, which have no other behind them. (What the edge
 * itself consumes is in wrangler.toml, and made by the deployment.)
 */
export function letOriginPull(tools: Tools, environment: EnvironmentName): void {
  const { cardEvents, cardEventsDead, standInsDead } = queuesOf(environment);
  setPullConsumer(tools, cardEvents, cardEventsDead);
  for (const queue of [cardEventsDead, standInsDead]) setPullConsumer(tools, queue, null);
}

function setPullConsumer(tools: Tools, queue: string, deadQueue: string | null): void {
  const printed = tools.look(wrangler('queues', 'consumer', 'http', 'list', queue, '--json'));
  const [consumer] = printed == null ? [] : (JSON.parse(printed) as PullConsumer[]);
  const hasDeadQueue = (consumer?.dead_letter_queue || null) === deadQueue;
  if (consumer?.settings?.max_retries === retriesMax && hasDeadQueue) return;
  // wrangler can add and remove a consumer, not change one. The origin's pulls fail meanwhile, and are tried again; messages stay.
  if (consumer !== undefined || printed === undefined)
    tools.run(wrangler('queues', 'consumer', 'http', 'remove', queue), 'where it has other settings');
  const words = ['--message-retries', String(retriesMax)];
  if (deadQueue !== null) words.push('--dead-letter-queue', deadQueue);
  tools.run(wrangler('queues', 'consumer', 'http', 'add', queue, ...words), 'where it is not there yet');
}

/** By name: their values cannot be read. The edge itself says at /livez whether they are good. */
export function checkSecrets(tools: Tools, environment: EnvironmentName): void {
  const printed = tools.look(wrangler('secret', 'list', '--env', environment, '--format', 'json'));
  if (printed === undefined) {
    tools.say(`   needed: ${edgeSecrets.join(', ')}`);
    return;
  }
  const found = printed === null ? [] : (JSON.parse(printed) as { name: string }[]).map(({ name }) => name);
  const missing = edgeSecrets.filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  const commands = missing.map((name) => `  npx wrangler secret put ${name} --env ${environment}`);
  throw new Error(
    `the edge lacks ${missing.length} of its secrets. Put them (SECRETS_OF is the word ${environment}; ` +
      `signing secrets come from npm run secrets -- new), and deploy again:\n${commands.join('\n')}`,
  );
}

export function migrateDatabase(tools: Tools, { databaseOwnerUrl }: Target): void {
  const env = { DATABASE_OWNER_URL: databaseOwnerUrl };
  tools.say(indented(tools.run({ program: 'node', args: ['origin/db/migrate.ts'], env })));
}

export function deployOrigin(tools: Tools, { environment, originDeploy }: Target, { id, bundle }: Release): void {
  const env = { ATLAS_RELEASE: id, ATLAS_ENVIRONMENT: environment, EDGE_BUNDLE_SHA256: bundle };
  tools.say(indented(tools.run(operatorsOwn('ORIGIN_DEPLOY', originDeploy, env))));
}

/** A command that an operator gave: the shell takes it from the environment, so that nothing of it is printed. */
export function operatorsOwn(name: string, text: string, env: Readonly<Record<string, string>>): Command {
  return { program: 'sh', args: ['-c', `eval "$${name}"`], env: { [name]: text, ...env } };
}

/** In a dry run wrangler builds and checks all that a deployment would send, and sends nothing. */
export function deployEdge(tools: Tools, { environment }: Target, { id, bundle }: Release): void {
  const words = ['--env', environment, '--var', `BUNDLE_SHA256:${bundle}`, '--tag', tagOf(id)];
  const message = ['--message', `release ${tagOf(id)}`];
  const dry = tools.isDryRun ? ['--dry-run'] : [];
  tools.say(indented(tools.run({ ...wrangler('deploy', ...words, ...message, ...dry), isHarmless: tools.isDryRun })));
}

/** How a version of the edge is found again: the beginning of its revision. */
export function tagOf(release: string): string {
  return release.slice(0, 12);
}

export function indented(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => `     ${line}`).join('\n');
}
