// The worker's bindings and settings, validated once an isolate: a wrong value names itself and nothing is served with it.

import * as z from 'zod/mini';
import { type Amounts, amountMaxMinor, amountsForm, readAmounts } from '../contracts/amount-max.ts';
import type { CardNotice } from '../contracts/card-notice.ts';
import { limits } from '../contracts/limits.ts';
import { decimalTextFromMinor } from '../contracts/money.ts';
import type { Network } from '../contracts/network.ts';
import { secretsIn } from '../contracts/secret-strength.ts';
import type { CardObject } from '../durable-objects/card/card-object.ts';
import type { KnownCards } from '../durable-objects/known-cards/known-cards.ts';
import type { StandInDesk } from '../durable-objects/stand-in/stand-in-desk.ts';
import type { StandInSwitch } from '../durable-objects/stand-in/stand-in-switch.ts';
import { secretProblems } from './secret-problems.ts';

export interface Env {
  readonly CARDS: DurableObjectNamespace<CardObject>;
  readonly STAND_IN_DESKS: DurableObjectNamespace<StandInDesk>;
  readonly KNOWN_CARDS: DurableObjectNamespace<KnownCards>;
  readonly STAND_IN_SWITCHES: DurableObjectNamespace<StandInSwitch>;
  readonly CARD_EVENTS: Queue;
  readonly STAND_INS: Queue<CardNotice>;
}

/**
 * What an answer is when the card's object cannot be reached: no approval, the network's own stand-in, or ours up to an amount.
 * Our own network has no stand-in of its own.
 */
const marqetaPolicies = ['decline', 'network', 'stand_in'] as const;
const nativePolicies = ['decline', 'stand_in'] as const;

/** A currency that is not named is never stood in for. */
export type StandInMax = Amounts;

const noAmounts: Amounts = new Map();
const amounts = (nothing: string) =>
  z._default(
    z.pipe(
      z.string(),
      z.transform((text: string, { issues }): Amounts => {
        const read = readAmounts(text, nothing);
        if (typeof read !== 'string') return read;
        issues.push({ code: 'custom', message: read, input: undefined });
        return noAmounts;
      }),
    ),
    new Map(),
  );
const standInMax = amounts('nothing to stand in for');

const wholeNumber = (min: number, max: number, otherwise: number) =>
  z._default(
    z.pipe(
      z.unknown(),
      z.pipe(
        // Number() takes "", " ", "0x10" and "1e3" too.
        z.transform((given: unknown) => (/^\d{1,9}$/.test(`${given}`) ? Number(given) : null)),
        z.int('must be a whole number').check(z.minimum(min), z.maximum(max)),
      ),
    ),
    otherwise,
  );
/** How many purchases of one card and UTC day: a first guess of ours, to be set by whoever bears the loss. */
const standInCount = wholeNumber(1, limits.standInsPerDayMax, 5);

/** The largest stand-in that may be set is this part of the largest amount that is believed: 1,000.00 of 10,000,000.00 USD. */
const standInCapPart = 10_000;

/** The most that any setting may allow: 1,000.00 USD a purchase, ten of them a card and day; as much in other currencies. */
function standInCapMinor(currency: string, purchases: number): number {
  return (purchases * amountMaxMinor(currency, noAmounts)) / standInCapPart;
}

/** Where an object may run and keep its data at all, by law. */
const jurisdictions = ['eu', 'us', 'fedramp', 'fedramp-high'] as const;
const locationHints = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;

type StandInName = `${'MARQETA' | 'NATIVE'}_STAND_IN_${'MAX' | 'SUM_PER_DAY'}`;
type StandIns = Readonly<Record<StandInName, StandInMax> & Record<`${'MARQETA' | 'NATIVE'}_FAILURE_POLICY`, string>>;

function standInProblems(settings: StandIns): { name: StandInName; message: string }[] {
  const problems: { name: StandInName; message: string }[] = [];
  for (const network of ['MARQETA', 'NATIVE'] as const) {
    const largest = `${network}_STAND_IN_MAX` as const;
    for (const name of [largest, `${network}_STAND_IN_SUM_PER_DAY`] as const)
      for (const [currency, minor] of settings[name]) {
        const max = standInCapMinor(currency, name === largest ? 1 : limits.standInSumPurchasesMax);
        const message = `is above ${currency} ${decimalTextFromMinor(max, currency)}, the most that may be stood in for`;
        if (minor > max) problems.push({ name, message });
      }
    if (settings[`${network}_FAILURE_POLICY`] === 'stand_in' && settings[largest].size === 0)
      problems.push({ name: largest, message: `${amountsForm}, where ${network}_FAILURE_POLICY is stand_in` });
  }
  return problems;
}

const locationHint = z.optional(z.enum(locationHints));

const environments = ['development', 'staging', 'production'] as const;

const webhookSecret = z
  .string()
  .check(z.regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'));
/** One secret, or several with spaces between them while it changes; each in this shape. */
const several = (shape: RegExp, error: string) =>
  z
    .string()
    .check(
      z.refine((text) => secretsIn(text).length > 0 && secretsIn(text).every((secret) => shape.test(secret)), error),
    );

const shape = {
  ENVIRONMENT: z.enum(environments),
  /** Set with the secrets, and kept with them when code and variables are deployed anew: which environment they are for. */
  SECRETS_OF: z._default(z.enum(environments), 'development'),
  /** Where the local push of queue batches goes; empty where the origin pulls. */
  ORIGIN_URL: z._default(
    z
      .string()
      .check(
        z.refine(
          (text) => text === '' || (URL.canParse(text) && /^https?:\/\/[^\s,;/?#@\\]+\/?$/.test(text)),
          'must be one URL, https:// or http:// and a host alone',
        ),
      ),
    '',
  ),
  /** Signs and verifies the calls between the halves, and does nothing else. */
  INTERNAL_SECRET: several(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'),
  /** Secrets of the native network, separated by spaces: the newest first, older ones while they are rotated out. */
  NATIVE_SECRETS: z.pipe(
    z.pipe(
      z.string(),
      z.transform((text: string) => text.split(/\s+/).filter((secret) => secret !== '')),
    ),
    z.array(webhookSecret).check(z.minLength(1, 'must hold at least one whsec_ secret')),
  ),
  /** One for all passwords, or one for each, in their order. */
  MARQETA_USERNAME: several(/^[^:]{4,50}$/, 'must be 4 to 50 characters, none of them a colon'),
  /** Marqeta asks for 20 to 50 characters. */
  MARQETA_PASSWORD: several(/^.{20,50}$/, 'must be 20 to 50 characters, as Marqeta asks'),
  /** The webhook's `config.secret`; empty: webhooks are not signed, Basic authentication alone guards them. */
  MARQETA_WEBHOOK_SECRET: z._default(z.string(), ''),
  /** Where new card objects are placed: near the network that calls, which is not where their profile comes from. */
  CARD_LOCATION_HINT: locationHint,
  /** The same for the cards of one network, whose callers are elsewhere than the others'. */
  MARQETA_LOCATION_HINT: locationHint,
  NATIVE_LOCATION_HINT: locationHint,
  /** Where all objects are kept. With another value, or with none, every card is another object, which knows nothing. */
  JURISDICTION: z.optional(z.enum(jurisdictions)),
  /** Beyond these, a network's word of money waits for a person; a currency that is not named has the default of its kind. */
  AMOUNT_MAX: amounts('nothing to believe'),
  /** What a card may spend of the refunds of one day (UTC) that no purchase had cleared. The card's object reads it itself. */
  UNMATCHED_PER_CARD_MAX: amounts('nothing that may be spent'),
  /** Tokens of cards that nobody knows, of one network and minute in one isolate, that are still asked about at their cards. */
  UNKNOWN_CARDS_PER_MINUTE: wholeNumber(0, 100_000, 60),
  MARQETA_FAILURE_POLICY: z._default(z.enum(marqetaPolicies), 'decline'),
  MARQETA_STAND_IN_MAX: standInMax,
  MARQETA_STAND_IN_COUNT_PER_DAY: standInCount,
  MARQETA_STAND_IN_SUM_PER_DAY: standInMax,
  NATIVE_FAILURE_POLICY: z._default(z.enum(nativePolicies), 'decline'),
  NATIVE_STAND_IN_MAX: standInMax,
  NATIVE_STAND_IN_COUNT_PER_DAY: standInCount,
  NATIVE_STAND_IN_SUM_PER_DAY: standInMax,
};
/** For tests: whoever adds one tries it with all that it must not be. */
export const settingNames = Object.keys(shape);

const settingsSchema = z.object(shape).check(({ value, issues }) => {
  for (const { name, message } of [...standInProblems(value), ...secretProblems(value)])
    issues.push({ code: 'custom', path: [name], input: undefined, message });
});
export type Settings = z.infer<typeof settingsSchema>;

export interface FailurePolicy {
  readonly policy: (typeof marqetaPolicies)[number];
  readonly standInMax: StandInMax;
  readonly standInCountPerDay: number;
  /** A currency that is not named here has no more on a day than one purchase of it may have. */
  readonly standInSumPerDay: StandInMax;
}

export function failurePolicyOf(settings: Settings, network: Network): FailurePolicy {
  const name = network === 'marqeta' ? 'MARQETA' : 'NATIVE';
  return {
    policy: settings[`${name}_FAILURE_POLICY`],
    standInMax: settings[`${name}_STAND_IN_MAX`],
    standInCountPerDay: settings[`${name}_STAND_IN_COUNT_PER_DAY`],
    standInSumPerDay: settings[`${name}_STAND_IN_SUM_PER_DAY`],
  };
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

  constructor(issues: readonly z.core.$ZodIssue[]) {
    const wrong = issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    super(`The edge's configuration is wrong: ${wrong.join('; ')} (docs/operating.md)`);
    this.settings = [...new Set(issues.map(({ path }) => String(path[0])))];
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
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) throw new Misconfigured(parsed.error.issues);
  known.set(env, parsed.data);
  return parsed.data;
}
