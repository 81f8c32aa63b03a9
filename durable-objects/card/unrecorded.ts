// What a card without a profile answers and does not record: nothing is kept for a token that nobody knows, but what moves money.
//
// What is in memory, and why losing it is nearly harmless: answers to request keys, so that a repeat is answered alike though the profile
// has come meanwhile. After an eviction such a repeat is decided anew; until then the network was told no, and nothing was held.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { newId } from '../../contracts/ids.ts';
import { limits } from '../../contracts/limits.ts';
import { givenUpAnswer, isAnswered } from '../../core/card/answers.ts';
import type { AuthorizeAnswer } from '../../core/card/card.ts';
import { type CardState, isKnown } from '../../core/card/card-state.ts';
import { decide } from '../../core/card/decide.ts';
import { find } from '../../core/card/found.ts';
import type { CardLog } from './card-log.ts';

/** Nothing was recorded. `nothing_to_release`: on a card without a profile, that holds nothing under this name. */
export interface NotCertain {
  readonly outcome: 'card_unknown' | 'older_than_memory' | 'nothing_to_release';
}

/** Keys that are remembered; the oldest goes first. */
const rememberedMax = 200;

export class Unrecorded {
  readonly #answers = new Map<string, AuthorizeAnswer>();

  /** Null: the request is the card's to decide and to record. */
  answerTo(request: AuthorizationRequest, state: CardState, nowMs: number): AuthorizeAnswer | null {
    const { request_key } = request;
    if (state.profile !== null && this.#answers.size === 0) return null;
    const before = this.#answers.get(request_key);
    if (before !== undefined) return before;
    if (state.profile !== null || isAnswered(state.answers, request_key)) return null;
    const authorization_id = newId('auth');
    const { decision } = decide(state, request, find(state, request, { authorization_id }, nowMs), nowMs);
    return this.#remember(request_key, { outcome: 'decided', authorization_id, decision });
  }

  /** Whether giving up this request changes nothing: it was never approved. Its key stays declined for as long as it is remembered. */
  takesVoid(requestKey: string, state: CardState): boolean {
    if (state.profile !== null || isAnswered(state.answers, requestKey)) return false;
    this.#remember(requestKey, { outcome: 'decided', authorization_id: newId('auth'), decision: givenUpAnswer });
    return true;
  }

  #remember(requestKey: string, answer: AuthorizeAnswer): AuthorizeAnswer {
    if (this.#answers.size >= rememberedMax)
      for (const oldest of this.#answers.keys()) {
        this.#answers.delete(oldest);
        break;
      }
    this.#answers.set(requestKey, answer);
    return answer;
  }
}

/** On a card without a profile: a release of what nobody here has held. It moves no money, and nothing of it is kept. */
export function releasesNothing(state: CardState, message: CardMessage): boolean {
  if (state.profile !== null || (message.kind !== 'reversal' && message.kind !== 'expiry')) return false;
  return !isKnown(state, message.authorization_key);
}

/**
 * Money that is stamped before what the card remembers, on a card that has forgotten some: booked once, it would be booked again. A card
 * that still has its first event knows every key that ever came. Of holds and releases a second one does no lasting harm.
 */
export function mayBeForgotten(message: CardMessage, lastSequence: number, log: Pick<CardLog, 'oldest'>): boolean {
  const { kind, occurred_at_ms } = message;
  if ((kind !== 'clearing' && kind !== 'refund') || occurred_at_ms === undefined) return false;
  if (Date.now() - occurred_at_ms <= limits.retentionMs) return false;
  return lastSequence > 0 && log.oldest()?.sequence !== 1;
}
