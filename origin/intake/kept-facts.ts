// A fact that the edge could not book, as an open item of its own (many of them share one: facts-together.ts). Reversals and expiries of cards that nobody
// knows are counted: they release holds that are not there, and whoever invents tokens sends thousands. Nothing is lost by that: on a
// card that nobody knows, one that is not beyond the edge's bound leaves nothing at all.

import * as z from 'zod';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import type { RaisedItem } from '../open-items/raise.ts';

const kinds = {
  out_of_contract: 'fact_out_of_contract',
  key_reused: 'key_reused',
  amount_beyond_bound: 'fact_held_back',
  older_than_memory: 'fact_held_back',
  card_unknown: 'fact_held_back',
  card_data_refused: 'fact_out_of_contract',
} as const;

export function itemOfFact(fact: KeptFact): RaisedItem {
  const { network, card_key, reason, field, problem, fact_key } = fact;
  if (reason === 'card_unknown' && releasesOnly(fact.fact)) return countedByHour(fact);
  const where = field === null ? '' : ` ${field}:`;
  return {
    kind: kinds[reason],
    // The same fact told again is the same item.
    key: fact_key,
    source: network,
    summary: `From ${network}:${where} ${problem}`,
    card_key,
    // `fact` stays a text: its numbers are as they came, digit by digit.
    evidence: fact,
  };
}

const hourMs = 3_600_000;

/** Where the hour began in which the edge received it, by the edge's clock. */
export function hourOf({ received_at_ms }: KeptFact): string {
  return new Date(received_at_ms - (received_at_ms % hourMs)).toISOString();
}

/** One item a network and hour by the edge's clock; `times` is their count, which a message that a queue brings twice counts twice in. */
function countedByHour(fact: KeptFact): RaisedItem {
  const { network } = fact;
  const hour = hourOf(fact);
  return {
    kind: 'releases_of_unknown_cards',
    key: `${network} ${hour}`,
    source: network,
    summary: `From ${network}: reversals or expiries of cards that nobody knows, in the hour from ${hour}. The evidence has the first.`,
    evidence: fact,
  };
}

/** Marqeta's names for a reversal and an expiry of an authorization (worker/networks/marqeta/webhook.ts). Its other reversals are refunds. */
const releasingTypes = [
  ...['authorization.reversal', 'authorization.reversal.issuerexpiration'],
  ...['pindebit.authorization.reversal', 'pindebit.authorization.reversal.issuerexpiration'],
];
const releaseSchema = z.union([
  z.looseObject({ message: z.looseObject({ kind: z.enum(['reversal', 'expiry']) }) }),
  z.looseObject({ message: z.undefined().optional(), type: z.enum(releasingTypes) }),
]);
const releasesSchema = z.union([releaseSchema, z.array(releaseSchema).nonempty()]);

/** False where that cannot be told: then it is looked at by itself. */
function releasesOnly(fact: string): boolean {
  try {
    return releasesSchema.safeParse(JSON.parse(fact)).success;
  } catch {
    return false;
  }
}
