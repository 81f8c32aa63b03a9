// What a network hears when its card cannot be reached, as it is set: the settings that every network has, each with the network's name in
// capitals before it.

import * as z from 'zod/mini';
import { type Amounts, amountMaxMinor, amountsForm } from '../contracts/amount-max.ts';
import { limits } from '../contracts/limits.ts';
import { decimalTextFromMinor } from '../contracts/money.ts';
import type { CardNetwork, Policy, Problem } from './networks/network.ts';
import { problemsOf } from './networks/network.ts';
import { amounts, noAmounts, wholeNumber } from './setting-shapes.ts';

const locationHints = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;
export const locationHint = z.optional(z.enum(locationHints));

const standIns = amounts('nothing to stand in for');
const shape = {
  STAND_IN_MAX: standIns,
  /** How many purchases of one card and UTC day: a first guess of ours, to be set by whoever bears the loss. */
  STAND_IN_COUNT_PER_DAY: wholeNumber(1, limits.standInsPerDayMax, 5),
  STAND_IN_SUM_PER_DAY: standIns,
  /** Where its cards are placed, whose callers are elsewhere than the others'. */
  LOCATION_HINT: locationHint,
};

export interface FailurePolicy {
  readonly policy: Policy;
  /** A currency that is not named is never stood in for. */
  readonly standInMax: Amounts;
  readonly standInCountPerDay: number;
  /** A currency that is not named here has no more on a day than one purchase of it may have. */
  readonly standInSumPerDay: Amounts;
  readonly locationHint: (typeof locationHints)[number] | undefined;
}

/** Of a network that is not served. */
export const nothing: FailurePolicy = {
  ...{ policy: 'decline', standInMax: noAmounts, standInCountPerDay: 1, standInSumPerDay: noAmounts },
  locationHint: undefined,
};

const prefixOf = ({ name }: CardNetwork) => `${name.toUpperCase()}_`;

export function failureSettingNames(network: CardNetwork): string[] {
  return ['FAILURE_POLICY', ...Object.keys(shape)].map((name) => prefixOf(network) + name);
}

export function failureOf(
  network: CardNetwork,
  environment: Readonly<Record<string, unknown>>,
): FailurePolicy | { problems: Problem[] } {
  const prefix = prefixOf(network);
  const schema = { ...shape, FAILURE_POLICY: z._default(z.enum(network.policies), 'decline') };
  const given = Object.keys(schema).map((name) => [name, environment[prefix + name]] as const);
  const read = z.object(schema).safeParse(Object.fromEntries(given));
  if (!read.success) return { problems: problemsOf(read.error, prefix) };
  const { FAILURE_POLICY: policy, STAND_IN_MAX, STAND_IN_SUM_PER_DAY } = read.data;
  const problems: Problem[] = [
    ...beyondCap(`${prefix}STAND_IN_MAX`, STAND_IN_MAX, 1),
    ...beyondCap(`${prefix}STAND_IN_SUM_PER_DAY`, STAND_IN_SUM_PER_DAY, limits.standInSumPurchasesMax),
  ];
  if (policy === 'stand_in' && STAND_IN_MAX.size === 0)
    problems.push({
      name: `${prefix}STAND_IN_MAX`,
      message: `${amountsForm}, where ${prefix}FAILURE_POLICY is stand_in`,
    });
  if (problems.length > 0) return { problems };
  return {
    ...{ policy, standInMax: STAND_IN_MAX, standInSumPerDay: STAND_IN_SUM_PER_DAY },
    ...{ standInCountPerDay: read.data.STAND_IN_COUNT_PER_DAY, locationHint: read.data.LOCATION_HINT },
  };
}

/** The largest stand-in that may be set is this part of the largest amount that is believed: 1,000.00 of 10,000,000.00 USD. */
const standInCapPart = 10_000;

/** The most that any setting may allow: 1,000.00 USD a purchase, ten of them a card and day; as much in other currencies. */
function beyondCap(name: string, set: Amounts, purchases: number): Problem[] {
  return [...set].flatMap(([currency, minor]) => {
    const max = (purchases * amountMaxMinor(currency, noAmounts)) / standInCapPart;
    if (minor <= max) return [];
    const message = `is above ${currency} ${decimalTextFromMinor(max, currency)}, the most that may be stood in for`;
    return [{ name, message }];
  });
}
