// What a card without a profile answers and does not record: nothing is kept for a token that nobody knows, but what moves money.
//
// What is in memory, and why losing it is nearly harmless: answers to request keys, so that a repeat is answered alike though the profile
// has come meanwhile. After an eviction such a repeat is decided anew; until then the network was told no, and nothing was held.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import { newId } from '../../contracts/ids.ts';
import type { AuthorizeAnswer } from '../../core/card.ts';
import { authorizationKey, type CardState, standInFor } from '../../core/card-state.ts';
import { decide } from '../../core/decide.ts';

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
    if (state.profile !== null || isAnswered(state, request_key)) return null;
    return this.#remember(request_key, {
      outcome: 'decided',
      authorization_id: newId('auth'),
      decision: decide(state, request, nowMs),
    });
  }

  /** Whether giving up this request changes nothing: it was never approved. Its key stays declined for as long as it is remembered. */
  takesVoid(requestKey: string, state: CardState): boolean {
    if (state.profile !== null || isAnswered(state, requestKey)) return false;
    this.#remember(requestKey, { outcome: 'decided', authorization_id: newId('auth'), decision: declined });
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

function isAnswered(state: CardState, requestKey: string): boolean {
  return state.answered.has(requestKey) || state.voided.has(requestKey) || standInFor(state, requestKey) !== null;
}

/** On a card without a profile: a release of what nobody here has held. It moves no money, and nothing of it is kept. */
export function releasesNothing(state: CardState, message: CardMessage): boolean {
  if (state.profile !== null || (message.kind !== 'reversal' && message.kind !== 'expiry')) return false;
  return !state.authorizations.has(authorizationKey(state, message.authorization_key));
}

const declined: Decision = {
  reason: 'request_voided',
  outcome: 'declined',
  approved_minor: 0,
  hold_minor: 0,
  control_id: null,
  available_minor: null,
  profile_version: null,
  trace: [],
};
