// A card for tests: what happens to it becomes events by the same rules as at the edge, so its own state says what the
// ledger must show. Not used by the service.

import type { CardEvent, CardEventBody, CardEventsMessage } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { newId } from '../../contracts/ids.ts';
import { cardKey } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import { apply } from '../../core/apply.ts';
import { newCardState } from '../../core/card-state.ts';
import { receiveMessage, receiveRequest, receiveVoid } from '../../core/receive.ts';

const startMs = Date.UTC(2026, 10, 1);

export class SampleCard {
  readonly network = 'native';
  readonly card_token: string;
  readonly events: CardEvent[] = [];
  readonly state = newCardState();
  readonly #answers = new Map<string, Extract<CardEventBody, { kind: 'authorization' }>>();
  #keys = 0;

  /** `profile`: null for a card that the edge was never told of. */
  constructor(card_token: string, profile: Partial<Profile> | null = {}) {
    this.card_token = card_token;
    if (profile === null) return;
    this.#add({
      kind: 'profile',
      event_id: newId('evt'),
      profile: {
        card_id: newId('card'),
        account_id: newId('acct'),
        version: 1,
        status: 'active',
        currency: 'USD',
        expires_at_ms: null,
        funds_minor: null,
        controls: [],
        ...profile,
      },
    });
  }

  get card_key() {
    return cardKey(this.network, this.card_token);
  }

  /** Returns the key by which later messages name it. */
  authorize(amount_minor: number, { currency = 'USD', key = this.#nextKey() } = {}): string {
    const request = {
      request_key: key,
      authorization_key: key,
      kind: 'authorization' as const,
      amount_minor,
      currency,
      merchant: { id: 'mer-1', name: 'Corner "Grocery" \\ \u0000\n', category: '5411', country: 'US' },
      channel: 'pos' as const,
      entry_mode: 'chip' as const,
      card_present: true,
      partial_approval_capable: false,
    };
    const body = receiveRequest(this.state, request, this.#ids(), startMs);
    this.#answers.set(key, body);
    this.#add(body);
    return key;
  }

  clear(authorization_key: string | null, amount_minor: number, final = true, currency = 'USD'): void {
    this.#hear({
      kind: 'clearing',
      ...this.#message(currency),
      authorization_key,
      amount_minor,
      final,
      merchant: null,
    });
  }

  reverse(authorization_key: string, amount_minor: number | null = null): void {
    this.#hear({ kind: 'reversal', ...this.#message('USD'), authorization_key, amount_minor });
  }

  refund(authorization_key: string | null, amount_minor: number): void {
    this.#hear({ kind: 'refund', ...this.#message('USD'), authorization_key, amount_minor, merchant: null });
  }

  void(requestKey: string): void {
    if (this.state.voided.has(requestKey)) return;
    this.#add(receiveVoid(this.state, requestKey, this.#answers.get(requestKey) ?? null, this.#ids(), startMs));
  }

  /** One message of some of its events, by their numbers; all without. */
  message(...sequences: readonly number[]): CardEventsMessage {
    const events =
      sequences.length === 0 ? this.events : this.events.filter(({ sequence }) => sequences.includes(sequence));
    return { version: 1, card_key: this.card_key, events };
  }

  #hear(message: CardMessage): void {
    this.#add(receiveMessage(this.state, message, this.#ids(), startMs));
  }

  #add(body: CardEventBody): void {
    const sequence = this.events.length + 1;
    const at_ms = startMs + sequence;
    apply(this.state, { sequence, at_ms, body });
    this.events.push({ sequence, at_ms, ...body });
  }

  #message(currency: string) {
    return { message_key: this.#nextKey(), currency };
  }

  #nextKey(): string {
    this.#keys += 1;
    return `${this.card_token}-${this.#keys}`;
  }

  #ids() {
    return { event_id: newId('evt'), authorization_id: newId('auth') };
  }
}
