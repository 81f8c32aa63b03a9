// The worker's bindings and settings, validated once an isolate: a wrong value names itself and nothing is served with it.

import * as z from 'zod/mini';
import type { CardNotice } from '../contracts/card-notice.ts';
import { type Network, networksByDefault } from '../contracts/network.ts';
import { secretsIn } from '../contracts/secret-strength.ts';
import type { CardObject } from '../durable-objects/card/card-object.ts';
import type { KnownCards } from '../durable-objects/known-cards/known-cards.ts';
import type { EventQueues } from '../durable-objects/log/event-queue.ts';
import type { StandInDesk } from '../durable-objects/stand-in/stand-in-desk.ts';
import type { StandInSwitch } from '../durable-objects/stand-in/stand-in-switch.ts';
import { type FailurePolicy, failureOf, failureSettingNames, locationHint, nothing } from './failure-policy.ts';
import { networks } from './networks/all.ts';
import { type CardNetwork, type Credentials, type Door, type Problem, problemsOf } from './networks/network.ts';
import { nothingHere } from './refused.ts';
import { secretProblems } from './secret-problems.ts';
import { amounts, several, wholeNumber } from './setting-shapes.ts';

export interface Env extends EventQueues {
  readonly CARDS: DurableObjectNamespace<CardObject>;
  readonly STAND_IN_DESKS: DurableObjectNamespace<StandInDesk>;
  readonly KNOWN_CARDS: DurableObjectNamespace<KnownCards>;
  readonly STAND_IN_SWITCHES: DurableObjectNamespace<StandInSwitch>;
  readonly STAND_INS: Queue<CardNotice>;
}

/** Where an object may run and keep its data at all, by law. */
const jurisdictions = ['eu', 'us', 'fedramp', 'fedramp-high'] as const;

const environments = ['development', 'staging', 'production'] as const;

const shape = {
  ENVIRONMENT: z.enum(environments),
  /** Set with the secrets, and kept with them when code and variables are deployed anew: which environment they are for. */
  SECRETS_OF: z._default(z.enum(environments), 'development'),
  /** Which networks are served, with spaces between them: of these all settings are needed, of others none is looked at. */
  NETWORKS: z._default(
    several(
      new RegExp(`^(?:${networks.map(({ name }) => name).join('|')})$`),
      `must be names of networks, such as ${networksByDefault.join(' ')}`,
    ),
    networksByDefault.join(' '),
  ),
  /** Where the local push of queue batches goes; empty where the origin pulls. */
  ORIGIN_URL: z._default(
    z
      .string()
      .check(
        z.refine(
          (text) => text === '' || (URL.canParse(text) && /^https?:\/\/[\w.:[\]-]+\/?$/.test(text)),
          'must be one URL, https:// or http:// and a host alone',
        ),
      ),
    '',
  ),
  /** Signs and verifies the calls between the halves, and does nothing else. */
  INTERNAL_SECRET: several(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'),
  /** Where new card objects are placed: near the network that calls, which is not where their profile comes from. */
  CARD_LOCATION_HINT: locationHint,
  /** Where all objects are kept. With another value, or with none, every card is another object, which knows nothing. */
  JURISDICTION: z.optional(z.enum(jurisdictions)),
  /** Beyond these, a network's word of money waits for a person; a currency that is not named has the default of its kind. */
  AMOUNT_MAX: amounts('nothing to believe'),
  /** What a card may spend of the refunds of one day (UTC) that no purchase had cleared. The card's object reads it itself. */
  UNMATCHED_PER_CARD_MAX: amounts('nothing that may be spent'),
  /** Tokens of cards that nobody knows, of one network and minute in one isolate, that are still asked about at their cards. */
  UNKNOWN_CARDS_PER_MINUTE: wholeNumber(0, 100_000, 60),
};
const commonSchema = z.object(shape);

/** For tests: whoever adds one tries it with all that it must not be. */
export const settingNames = () => [
  ...Object.keys(shape),
  ...networks.flatMap((network) => [...Object.keys(network.settings), ...failureSettingNames(network)]),
];

/** What a deployment has set for one network that it serves. */
interface Served {
  readonly door: Door;
  readonly failure: FailurePolicy;
}

export type Settings = z.output<typeof commonSchema> & { readonly served: ReadonlyMap<string, Served> };

export function failurePolicyOf(settings: Settings, network: Network): FailurePolicy {
  // Of a network that is served no more, what cards must still be told may be on its way.
  return settings.served.get(network)?.failure ?? nothing;
}

/** By which calls of this network come in. Where it is not served there is nothing at its paths. */
export function doorOf(env: Env, { name }: CardNetwork): Door {
  const served = settingsOf(env).served.get(name);
  if (served === undefined) throw nothingHere();
  return served.door;
}

/** The objects of a namespace that are kept where this deployment's have to be. */
export function inJurisdiction<T extends Rpc.DurableObjectBranded>(
  env: Env,
  namespace: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  const { JURISDICTION } = settingsOf(env);
  return JURISDICTION === undefined ? namespace : namespace.jurisdiction(JURISDICTION);
}

const known = new WeakMap<Env, Settings>();

/** Nothing is served with these settings. */
export class Misconfigured extends Error {
  /** The names of those that are wrong; their values are in nobody's log. */
  readonly settings: readonly string[];

  constructor(problems: readonly Problem[]) {
    const wrong = problems.map(({ name, message }) => `${name} ${message}`);
    super(`The edge's configuration is wrong: ${wrong.join('; ')} (docs/operating.md)`);
    this.settings = [...new Set(problems.map(({ name }) => name))];
  }
}

/** Null where all is right. */
export function misconfigurationOf(env: Env): Misconfigured | null {
  try {
    settingsOf(env);
    return null;
  } catch (error) {
    if (error instanceof Misconfigured) return error;
    throw error;
  }
}

/** The settings of these bindings. Throws an error that names every wrong one, without its value. */
export function settingsOf(env: Env): Settings {
  const before = known.get(env);
  if (before !== undefined) return before;
  const settings = readSettings(env);
  known.set(env, settings);
  return settings;
}

function readSettings(env: Env): Settings {
  const common = commonSchema.safeParse(env);
  const names = secretsIn(common.data?.NETWORKS ?? networksByDefault.join(' '));
  const isDeployed = common.data?.ENVIRONMENT !== 'development';
  const problems = common.success ? [] : problemsOf(common.error);
  const served = new Map<string, Served>();
  const credentials: Credentials[] = [];
  for (const network of networks) {
    if (!names.includes(network.name)) continue;
    const own = network.open(env, isDeployed);
    const failure = failureOf(network, { ...env });
    if ('problems' in own) problems.push(...own.problems);
    if ('problems' in failure) problems.push(...failure.problems);
    if ('problems' in own) continue;
    credentials.push(own.credentials);
    if (!('problems' in failure)) served.set(network.name, { door: own.door, failure });
  }
  if (common.success) problems.push(...secretProblems(common.data, credentials));
  if (common.success && problems.length === 0) return { ...common.data, served };
  throw new Misconfigured(problems);
}
