// What a deployment of an environment consists of: names as wrangler.toml has them, and what whoever deploys must have set.

import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { networksByDefault } from '../../contracts/network.ts';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { networks } from '../../worker/networks/all.ts';

export const environmentNames = ['staging', 'production'] as const;
export type EnvironmentName = (typeof environmentNames)[number];

export interface Target {
  readonly environment: EnvironmentName;
  /** The edge as the world reaches it. */
  readonly edgeUrl: string;
  /** The origin's inner address, where /health is answered. */
  readonly originUrl: string;
  /** The login that migrates: given on to the child that does, never printed. */
  readonly databaseOwnerUrl: string;
  /** Shell commands of the operator's own: they bring the release, or an older one, up on the origin's machines. */
  readonly originDeploy: string;
  readonly originRollback: string;
}

/**
 * Names of queues: cards' events (one queue or several: as many as wrangler.toml gives the edge to send to), what cards must still be told, and where
 * each kind puts what could not be delivered. Throws where the bindings are not CARD_EVENTS, CARD_EVENTS_2 and so on, since the edge would not use all.
 */
export function queuesOf(environment: EnvironmentName, toml = readFileSync('wrangler.toml', 'utf8')) {
  const suffix = environment === 'production' ? '' : `-${environment}`;
  const producers = toml.split(`[[env.${environment}.queues.producers]]`).slice(1);
  const bindings = producers.flatMap(
    (text) => /^\s*queue = "([^"]+)"\s*binding = "(CARD_EVENTS\w*)"/.exec(text)?.slice(1) ?? [],
  );
  const cardEvents = bindings.filter((_, index) => index % 2 === 0);
  const wanted = cardEvents.flatMap((_, index) => {
    const number = index === 0 ? '' : String(index + 1);
    return [`atlas-card-events${number && `-${number}`}${suffix}`, `CARD_EVENTS${number && `_${number}`}`];
  });
  if (bindings.length === 0 || bindings.join() !== wanted.join())
    throw new Error(
      `wrangler.toml, ${environment}: the producers of card events are ${bindings.join(' ')}; they must be ${wanted.join(' ')}`,
    );
  return {
    cardEvents,
    cardEventsDead: `atlas-card-events-dead${suffix}`,
    standIns: `atlas-stand-ins${suffix}`,
    standInsDead: `atlas-stand-ins-dead${suffix}`,
  };
}

/** The longest that a queue keeps a message: a weekend and a week of trouble at the origin lose nothing. */
export const retentionSeconds = 14 * 24 * 3_600;
/** The most that Cloudflare allows: an origin that is away for hours must not empty the queue into the dead one. */
export const retriesMax = 100;

const wranglerToml = new URL('../../wrangler.toml', import.meta.url);

/** Secrets without which the edge serves nothing: its own, and those of the networks that wrangler.toml has this environment serve. */
export function edgeSecretsOf(environment: EnvironmentName, toml = readFileSync(wranglerToml, 'utf8')): string[] {
  const [, vars = ''] = toml.split(`[env.${environment}.vars]`);
  const [section = ''] = vars.split('\n[');
  const [, names = networksByDefault.join(' ')] = /^NETWORKS = "([^"]*)"/m.exec(section) ?? [];
  const served = networks.filter(({ name }) => secretsIn(names).includes(name));
  return ['INTERNAL_SECRET', ...served.flatMap(({ settings }) => Object.keys(settings)), 'SECRETS_OF'];
}

const settings = {
  edgeUrl: ['EDGE_URL', 'https://…, where the edge is reached'],
  originUrl: ['ATLAS_URL', 'the origin’s inner address, where /health is answered'],
  databaseOwnerUrl: ['DATABASE_OWNER_URL', 'postgres://…, the login that migrates'],
  originDeploy: ['ORIGIN_DEPLOY', 'a shell command that brings $ATLAS_RELEASE up on the origin’s machines'],
  originRollback: ['ORIGIN_ROLLBACK', 'a shell command that brings the older $ATLAS_RELEASE up again'],
} as const;

export const settingsHelp = Object.values(settings)
  .map(([name, what]) => `  ${name.padEnd(20)} ${what}`)
  .join('\n');

/** What the file says. Throws where the environment says otherwise: which of the two was meant cannot be known, and one may be another system. */
export function readSettingsFile(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const given = parseEnv(readFileSync(path, 'utf8')) as Record<string, string>;
  const other = Object.keys(given).filter((name) => environment[name] && environment[name] !== given[name]);
  if (other.length === 0) return given;
  throw new Error(
    `set otherwise in the environment than in ${path}: ${other.join(', ')}. Unset them there, or leave them out of the file`,
  );
}

type SettingKey = keyof typeof settings;
type Environment = Readonly<Record<string, string | undefined>>;

/** Nothing, or an address as a page has it: `https://edge.<your subdomain>.workers.dev`, `postgres://…`. In a shell's command `<` and `>` mean files. */
function isUnset(value: string | undefined): boolean {
  return value === undefined || value === '' || (/^\w+:\/\//.test(value) && /[<>…]/.test(value));
}

/** One sentence that names everything that is missing; null where nothing is. */
export function notSet(given: Environment, needs: readonly SettingKey[]): string | null {
  const missing = needs.filter((key) => isUnset(given[settings[key][0]]));
  if (missing.length === 0) return null;
  const list = missing.map((key) => `${settings[key][0]} (${settings[key][1]})`).join(', ');
  return `not set, or a page's own example: ${list}. In the environment, or in a file given by --settings`;
}

/** A deployment names this many files that are not committed, and how many more there are. */
const filesNamedMax = 10;

/** `status`: what git status --porcelain prints. A sentence with the files that are not committed; null where there is none. */
export function notCommitted(status: string): string | null {
  if (status === '') return null;
  const files = status.split('\n').map((line) => line.trim().replace(/^\S+ +/, ''));
  const more = files.length > filesNamedMax ? `, and ${files.length - filesNamedMax} more` : '';
  return (
    'commit first: what is deployed must be a revision that somebody can find again. Changed or new: ' +
    `${files.slice(0, filesNamedMax).join(', ')}${more}. (A file with passwords belongs outside of the clone.)`
  );
}

/** A name in angle brackets stands for what is not set. */
export function readTarget(environment: EnvironmentName, given: Environment): Target {
  const value = (key: SettingKey) => given[settings[key][0]] || `<${settings[key][0]}>`;
  return {
    environment,
    edgeUrl: value('edgeUrl'),
    originUrl: value('originUrl'),
    databaseOwnerUrl: value('databaseOwnerUrl'),
    originDeploy: value('originDeploy'),
    originRollback: value('originRollback'),
  };
}
