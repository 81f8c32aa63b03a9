// Messages of providers under the id of an earlier message, with other content. Example: evt_1 says that 10.00 came back, and evt_1
// says that 20.00 came back. The first one is booked; the second one goes in front of a person instead of being taken for a repeat.

import { createHash } from 'node:crypto';
import type { ProviderWord, UnclearWord } from '../providers/provider.ts';

export interface Told {
  readonly provider: string;
  readonly word: ProviderWord;
  readonly body: string;
}

/** What was stored under a message's id. */
export interface First {
  readonly provider: string;
  readonly webhook_id: string;
  readonly word: ProviderWord;
}

/** Those of `items` that say something else than what is stored under their id, as messages of an id of their own. */
export function reusedIds(items: readonly Told[], firsts: readonly First[]): readonly Told[] {
  const stored = new Map(firsts.map((first) => [`${first.provider} ${first.webhook_id}`, first.word]));
  return items.flatMap(({ provider, word, body }) => {
    const first = stored.get(`${provider} ${word.webhook_id}`);
    return first === undefined || facts(first) === facts(word)
      ? []
      : [{ provider, word: unclear(provider, word), body }];
  });
}

/**
 * What is booked by a message. Its stamp and its texts are left out: a provider that sends a message again may stamp it anew, and what
 * a later release of ours reads out of it may have other words.
 */
function facts(word: ProviderWord): string {
  const { settlement_id, submission = null, outcome, provider_reference, amount_minor = null, currency = null } = word;
  const said = outcome === 'unclear' ? word.code : null;
  return JSON.stringify([settlement_id, submission, outcome, provider_reference, amount_minor, currency, said]);
}

function unclear(provider: string, word: ProviderWord): UnclearWord {
  const { webhook_id, settlement_id, submission, provider_reference, amount_minor = null, currency = null } = word;
  const digest = createHash('sha256').update(facts(word)).digest('hex').slice(0, 16);
  return {
    // The same content under the same id once more is then a repeat.
    webhook_id: `${webhook_id} with other content ${digest}`,
    ...{
      settlement_id,
      ...(submission === undefined ? {} : { submission }),
      provider_reference,
      amount_minor,
      currency,
    },
    ...{ outcome: 'unclear', kind: 'provider_contradiction', code: `provider_id_reused_${word.outcome}` },
    summary: `${provider} says "${word.outcome}" under the id of an earlier message that said something else (${webhook_id}).`,
    said: word,
  };
}
