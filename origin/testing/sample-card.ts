// A card for tests: what happens to it becomes events by the same rules as at the edge, so its own state says what the
// ledger must show. Not used by the service.

import type { Amounts } from '../../contracts/amount-max.ts';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEvent, CardEventsMessage } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { newId } from '../../contracts/ids.ts';
import { cardKey } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { RefundRelease } from '../../contracts/refund-release.ts';
import { Card } from '../../core/card/card.ts';

const startMs = Date.UTC(2026, 10, 1);
/** Longer than any hold. */
const holdsLapseMs = 40 * 24 * 3_600_000;

type Told = Partial<Pick<CardMessage, 'alias_key' | 'currency'>>;

export class SampleCard {
  readonly network = 'native';
  readonly card_token: string;
  readonly events: CardEvent[] = [];
  readonly #card: Card;
  #clockMs = startMs;
  #keys = 0;

  /** `profile`: null for a card that the edge was never told of. `unmatchedMax`: what it spends of refunds of no purchase, as its edge is set. */
  constructor(card_token: string, profile: Partial<Profile> | null = {}, unmatchedMax?: Amounts) {
    this.card_token = card_token;
    this.#card = new Card(
      {
        append: ({ sequence, at_ms, body }) => this.events.push({ sequence, at_ms, ...body }),
        at: (sequence) => {
          const event = this.events[sequence - 1];
          if (event === undefined) throw new Error(`there is no event ${sequence}`);
          return event;
        },
        freshIds: () => ({ event_id: newId('evt'), authorization_id: newId('auth') }),
      },
      null,
      [],
      unmatchedMax,
    );
    if (profile !== null) this.putProfile(profile);
  }

  get card_key() {
    return cardKey(this.network, this.card_token);
  }

  get state() {
    return this.#card.state;
  }

  get nowMs() {
    return this.#clockMs;
  }

  /** The next version, where none is given; what is not said is as a plain card has it. */
  putProfile(profile: Partial<Profile>): void {
    const before = this.state.profile;
    this.#card.putProfile(
      {
        card_id: before?.card_id ?? newId('card'),
        account_id: before?.account_id ?? newId('acct'),
        version: (before?.version ?? 0) + 1,
        status: 'active',
        currency: 'USD',
        expires_at_ms: null,
        funds_minor: null,
        single_use: false,
        partial_approval: false,
        hold_days: null,
        controls: [],
        ...profile,
      },
      this.#tick(),
    );
  }

  /** Returns the key by which later messages name it. */
  authorize(
    amount_minor: number,
    { key = this.#nextKey(), ...said }: Partial<AuthorizationRequest> & { key?: string } = {},
  ): string {
    this.#card.authorize(
      {
        request_key: key,
        authorization_key: key,
        kind: 'authorization',
        amount_minor,
        currency: 'USD',
        merchant: { id: 'mer-1', name: 'Corner "Grocery" \\ \u0000\n', category: '5411', country: 'US' },
        channel: 'pos',
        entry_mode: 'chip',
        card_present: true,
        partial_approval_capable: false,
        ...said,
      },
      this.#tick(),
    );
    return key;
  }

  clear(authorization_key: string | null, amount_minor: number, final = true, told: Told = {}): void {
    this.#hear({ kind: 'clearing', ...this.#said(told), authorization_key, amount_minor, final, merchant: null });
  }

  reverse(authorization_key: string, amount_minor: number | null = null, told: Told = {}): void {
    this.#hear({ kind: 'reversal', ...this.#said(told), authorization_key, amount_minor });
  }

  refund(authorization_key: string | null, amount_minor: number): void {
    this.#hear({ kind: 'refund', ...this.#said(), authorization_key, amount_minor, merchant: null });
  }

  advise(authorization_key: string, hold_minor: number, told: Told = {}): void {
    const said = { authorization_key, hold_minor, decided_by: 'processor' as const, merchant: null };
    this.#hear({ kind: 'advice', ...this.#said(told), ...said });
  }

  /** The edge has approved it in the card's place. */
  standIn(authorization_key: string, hold_minor: number): void {
    const said = { authorization_key, hold_minor, decided_by: 'edge' as const, merchant: null };
    this.#hear({ kind: 'advice', ...this.#said(), ...said });
  }

  /** The network drops the hold. */
  expire(authorization_key: string): void {
    this.#hear({ kind: 'expiry', ...this.#said(), authorization_key });
  }

  /** Time passes, and the card drops what nobody has cleared. */
  lapse(afterMs = holdsLapseMs): void {
    this.wait(afterMs);
    this.#card.expire(this.#tick());
  }

  wait(ms: number): void {
    this.#clockMs += ms;
  }

  void(requestKey: string, byNetwork = false): void {
    this.#card.void(requestKey, this.#tick(), byNetwork);
  }

  /** One message of some of its events, by their numbers; all without. */
  message(...sequences: readonly number[]): CardEventsMessage {
    const events =
      sequences.length === 0 ? this.events : this.events.filter(({ sequence }) => sequences.includes(sequence));
    return { version: 1, card_key: this.card_key, events };
  }

  /** As its object takes it. */
  receive(message: CardMessage) {
    return this.#card.receive(message, this.#tick());
  }

  releaseRefund(release: RefundRelease) {
    return this.#card.releaseRefund(release, this.#tick());
  }

  #hear(message: CardMessage): void {
    this.receive(message);
  }

  #said(told: Told = {}) {
    return { message_key: this.#nextKey(), currency: 'USD', ...told };
  }

  #tick(): number {
    this.#clockMs += 1;
    return this.#clockMs;
  }

  #nextKey(): string {
    this.#keys += 1;
    return `${this.card_token}-${this.#keys}`;
  }
}
