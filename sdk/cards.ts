// Cards, for operators' keys: found by our id, or by the token that their network names them by. Made and changed over the API.

import { Listing, pageOf } from './listing.ts';
import { type CallOptions, path, type Send } from './transport.ts';

export interface Card {
  readonly card_id: `card_${string}`;
  readonly account_id: `acct_${string}`;
  /** Who has it; null: nobody of a company. */
  readonly employee_id: `empl_${string}` | null;
  readonly network: string;
  readonly profile: CardProfile;
  /** The card's own controls, as they were written. */
  readonly controls: readonly Readonly<Record<string, unknown>>[];
  /** Whose controls stand before its own. */
  readonly control_set: { readonly control_set_id: `cset_${string}`; readonly version: number } | null;
  /** `pending`: the edge does not have the newest profile yet, and decides by `version`; 0: by none. */
  readonly edge: {
    readonly state: 'stored' | 'pending';
    readonly version: number;
    readonly attempts: number;
    readonly last_error: string | null;
  };
  /** Of what it was refunded without a purchase, what it may not spend yet. */
  readonly withheld_minor: number;
  readonly created_at_ms: number;
}

/** What the edge decides by. */
export interface CardProfile {
  readonly card_id: `card_${string}`;
  readonly account_id: `acct_${string}`;
  readonly version: number;
  readonly status: 'active' | 'frozen' | 'closed';
  readonly currency: string;
  /** First instant at which the card is no longer valid; null: never. */
  readonly expires_at_ms: number | null;
  /** Total ever given to the card; null: the network holds the funds. */
  readonly funds_minor: number | null;
  readonly single_use: boolean;
  readonly partial_approval: boolean;
  readonly hold_days: number | null;
  readonly controls: readonly ({ readonly control_id: string } & Readonly<Record<string, unknown>>)[];
}

export interface CardQuery {
  readonly account_id?: string | undefined;
  readonly company_id?: string | undefined;
  readonly employee_id?: string | undefined;
  /** The network's own name for a card: at most one card of each network has it. */
  readonly card_token?: string | undefined;
  /** Beside `card_token` only. */
  readonly network?: string | undefined;
  /** Alone: those that wait longest, for events before the ones that came or for the edge to have their newest profile. */
  readonly waiting?: 'events' | 'profile' | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export class Cards {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  list({ cursor: from, ...query }: CardQuery = {}, { signal }: CallOptions = {}): Listing<Card> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/cards', query: { ...query, cursor }, signal } as const;
      return pageOf<Card>(await this.#send(call), 'cards');
    }, from);
  }

  retrieve(cardId: string, { signal }: CallOptions = {}): Promise<Card> {
    return this.#send({ method: 'GET', path: path`/cards/${cardId}`, signal });
  }
}
