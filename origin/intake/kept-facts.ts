// A fact that the edge could not book, as an open item: kept whole until a person has seen to it.

import type { KeptFact } from '../../contracts/kept-fact.ts';
import type { RaisedItem } from '../open-items/raise.ts';

const kinds = {
  out_of_contract: 'fact_out_of_contract',
  key_reused: 'key_reused',
  amount_beyond_bound: 'fact_held_back',
  older_than_memory: 'fact_held_back',
  card_unknown: 'fact_held_back',
} as const;

export function itemOfFact(fact: KeptFact): RaisedItem {
  const { network, card_key, reason, field, problem, fact_key } = fact;
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
