// The steps of a deployment but for its queues (queues.ts). Each may be run again: what is there already is left, or set to what it should be.

import { edgeEntry } from '../build-edge.ts';
import { type EnvironmentName, edgeSecretsOf, type Target } from './target.ts';
import { type Command, type Tools, wrangler } from './tools.ts';

export interface Release {
  /** The revision. */
  readonly id: string;
  /** Of the edge's modules: what the edge says that it runs, and the origin expects. */
  readonly bundle: string;
}

/** By name: their values cannot be read. The edge itself says at /livez whether they are good. */
export function checkSecrets(tools: Tools, environment: EnvironmentName): void {
  const edgeSecrets = edgeSecretsOf(environment);
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
  tools.say(indented(tools.run({ program: 'node', args: ['origin/migrate.ts'], env })));
}

export function deployOrigin(tools: Tools, { environment, originDeploy }: Target, { id, bundle }: Release): void {
  const env = { ATLAS_RELEASE: id, ATLAS_ENVIRONMENT: environment, EDGE_BUNDLE_SHA256: bundle };
  tools.say(indented(tools.run(operatorsOwn('ORIGIN_DEPLOY', originDeploy, env))));
}

/** A command that an operator gave: the shell takes it from the environment, so that nothing of it is printed. */
export function operatorsOwn(name: string, text: string, env: Readonly<Record<string, string>>): Command {
  return { program: 'sh', args: ['-c', `eval "$${name}"`], env: { [name]: text, ...env } };
}

/** What was built is sent, and not built again. In a dry run wrangler checks all that a deployment would send, and sends nothing. */
export function deployEdge(tools: Tools, { environment }: Target, { id, bundle }: Release): void {
  const words = [
    edgeEntry,
    '--no-bundle',
    '--env',
    environment,
    '--var',
    `BUNDLE_SHA256:${bundle}`,
    '--tag',
    tagOf(id),
  ];
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
