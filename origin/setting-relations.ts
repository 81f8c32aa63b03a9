// Pairs of settings of which one may not be above the other, each stated once. Example: of one card 600.00 USD a day pass without a person, and of
// its whole network 500.00: the first bounds nothing. A lesser one that is not set is not looked at: its default is meant to be small.

import { decimalTextFromMinor } from '../contracts/money.ts';
import type { Config } from './config.ts';
import { perNetworkMax } from './merchants/unapproved-bounds.ts';
import type { Environment } from './secrets/secret-settings.ts';

/** By the names of settings: `[lesser, greater]`. */
export const numbersInOrder = [
  ['CONNECTIONS_PER_ADDRESS_MAX', 'CONNECTIONS_MAX'],
  ['RATE_LIMIT_BURST_PER_SECOND', 'RATE_LIMIT_PER_MINUTE'],
  ['WRONG_KEYS_PER_ADDRESS_PER_MINUTE', 'WRONG_KEYS_PER_MINUTE'],
] as const;

export const amountsInOrder = [['UNAPPROVED_PER_CARD_MAX', 'UNAPPROVED_PER_NETWORK_MAX']] as const;

type Numbers = Pick<Config, (typeof numbersInOrder)[number][number] | (typeof amountsInOrder)[number][number]>;

export function relationProblems(config: Numbers, given: Environment): string[] {
  const problems: string[] = [];
  for (const [lesser, greater] of numbersInOrder)
    if (given[lesser] !== undefined && config[lesser] > config[greater])
      problems.push(`${lesser}: must be ${config[greater]} at most, which is what ${greater} allows`);
  for (const [lesser, greater] of amountsInOrder)
    for (const [currency, minor] of config[lesser]) {
      const max = Number(perNetworkMax({ perNetwork: config[greater] }, currency));
      if (minor > max)
        problems.push(
          `${lesser}: must be ${currency} ${decimalTextFromMinor(max, currency)} at most, as ${greater} is`,
        );
    }
  return problems;
}
