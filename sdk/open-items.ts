// Open items, for operators' keys: everything that needs a person, and what can be done about it. Types as on the wire; the
// repository's tests hold them against its contracts.

import { Listing, pageOf } from './listing.ts';
import { type CallOptions, path, type Send } from './transport.ts';

export type OpenItemStatus = 'open' | 'resolved' | 'dismissed';

export interface OpenItem {
  readonly open_item_id: `oit_${string}`;
  /** As `booked_twice`; new kinds may come. */
  readonly kind: string;
  /** What such an item means, in a sentence. */
  readonly means: string;
  readonly source: string | null;
  readonly status: OpenItemStatus;
  /** What happened, in a sentence. */
  readonly summary: string;
  /** Null where no money is concerned; below zero where money is missing. */
  readonly amount_minor: number | null;
  readonly currency: string | null;
  readonly merchant_id: string | null;
  readonly settlement_id: string | null;
  readonly authorization_id: string | null;
  /** `<network>:<card token>`. */
  readonly card_key: string | null;
  readonly provider: string | null;
  /** How often it was seen. */
  readonly times: number;
  readonly opened_at: string;
  readonly last_seen_at: string;
  readonly closed_at: string | null;
  /** The action that closed it; `gone` where what it said was no longer so. */
  readonly resolution: string | null;
  /** What that action came to. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** An action that was begun and has not come to its end: ask for the same one again. */
  readonly under_way: {
    readonly name: string;
    readonly input: Readonly<Record<string, unknown>>;
    readonly actor: string;
    readonly at: string;
  } | null;
}

export interface OpenItemAction {
  readonly name: string;
  readonly summary: string;
  /** JSON Schema of the action's `input`. */
  readonly input_schema: Readonly<Record<string, unknown>>;
}

export interface WholeOpenItem extends OpenItem {
  /** All that was seen, with digits that may be a card's masked. */
  readonly evidence: unknown;
  /** What can be done about it; none once it is closed. */
  readonly actions: readonly OpenItemAction[];
  /** Who did what about it, the first first. */
  readonly history: readonly {
    readonly at: string;
    readonly actor: string;
    readonly action: string;
    readonly reason: string;
    readonly correlation_id: string;
  }[];
}

export interface OpenItemCounts {
  readonly open: number;
  /** Kinds of which none is open are left out. */
  readonly kinds: readonly { readonly kind: string; readonly open: number; readonly oldest_age_seconds: number }[];
}

/** What acting on a group came to: `refused` and `not_now` stay open, `skipped` are in somebody else's hands. */
export interface OpenItemsActed {
  readonly closed: number;
  readonly refused: number;
  readonly not_now: number;
  readonly skipped: number;
  /** Not null: there may be more; ask again with it. */
  readonly next_cursor: string | null;
}

/** What items must belong to; absent: any. */
export interface OpenItemGroup {
  readonly source?: string | undefined;
  readonly merchant_id?: string | undefined;
  readonly settlement_id?: string | undefined;
  readonly authorization_id?: string | undefined;
  readonly card_id?: string | undefined;
  readonly provider?: string | undefined;
  readonly older_than_hours?: number | undefined;
}

export interface OpenItemQuery extends OpenItemGroup {
  readonly kind?: string | undefined;
  /** `open` by default. */
  readonly status?: OpenItemStatus | 'any' | undefined;
  /** `newest` by default. */
  readonly order?: 'newest' | 'oldest' | undefined;
  /** Items of a page, 1 to 100; 50. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface OpenItemActing {
  /** Goes to the audit trail; 3 to 120 characters. */
  readonly reason: string;
  /** As the action's `input_schema` says. */
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}

export class OpenItems {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  list({ cursor: from, ...query }: OpenItemQuery = {}, { signal }: CallOptions = {}): Listing<OpenItem> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/open-items', query: { ...query, cursor }, signal } as const;
      return pageOf<OpenItem>(await this.#send(call), 'open_items');
    }, from);
  }

  counts({ signal }: CallOptions = {}): Promise<OpenItemCounts> {
    return this.#send({ method: 'GET', path: '/open-items/counts', signal });
  }

  retrieve(openItemId: string, { signal }: CallOptions = {}): Promise<WholeOpenItem> {
    return this.#send({ method: 'GET', path: path`/open-items/${openItemId}`, signal });
  }

  /** Does it once, however often it is sent: a closed item answers with what the first time came to. */
  act(openItemId: string, action: string, body: OpenItemActing, { signal }: CallOptions = {}): Promise<OpenItem> {
    return this.#send({ method: 'POST', path: path`/open-items/${openItemId}/actions/${action}`, body, signal });
  }

  /** The oldest open ones of a kind first, at most 200 of them; go on with `next_cursor` as `cursor`. */
  actOnMany(
    action: string,
    body: OpenItemActing & OpenItemGroup & { readonly kind: string; readonly cursor?: string | undefined },
    { signal }: CallOptions = {},
  ): Promise<OpenItemsActed> {
    return this.#send({ method: 'POST', path: path`/open-items/actions/${action}`, body, signal });
  }
}
