// Merchants: who is paid out. Only an operator's key may add one.

import { Listing, pageOf } from './listing.ts';
import type { CreateOptions } from './settlements.ts';
import { type CallOptions, newIdempotencyKey, path, type Send } from './transport.ts';

/** A provider's own words: an account of theirs, or bank details. Never card data. */
export type Destination = Readonly<Record<string, unknown>>;

export interface Schedule {
  /** Local time of day, as `23:30`. */
  readonly time: string;
  /** IANA, as `Europe/Berlin`. */
  readonly zone: string;
}

export interface NewMerchant {
  readonly name: string;
  readonly currency: string;
  /** The acquirers' ids whose clearings are owed to it. */
  readonly network_merchant_ids?: readonly string[] | undefined;
  /** By provider. */
  readonly destinations?: Readonly<Record<string, Destination>> | undefined;
  /** When what has cleared is settled by itself, every day; null: only when asked. */
  readonly schedule?: Schedule | null | undefined;
}

export interface Merchant {
  readonly merchant_id: `mrch_${string}`;
  readonly name: string;
  readonly currency: string;
  readonly network_merchant_ids: readonly string[];
  readonly destinations: Readonly<Record<string, unknown>>;
  /** They were changed: settlements asked for since then are sent from this instant on. Null: at once. */
  readonly destinations_payable_from: string | null;
  readonly schedule: Schedule | null;
  /** What is owed to it stands there in the ledger. */
  readonly ledger_account_id: `lac_${string}`;
  /** What could be settled now. */
  readonly owed_minor: number;
  /** What is not payable until an operator has looked at an open item of this merchant. */
  readonly withheld_minor: number;
  /** What was refunded beyond what is owed: what clears next makes it good first. */
  readonly deficit_minor: number;
  readonly created_at: string;
}

export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export class Merchants {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  create(body: NewMerchant, { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {}): Promise<Merchant> {
    return this.#send({ method: 'POST', path: '/merchants', body, idempotencyKey, signal });
  }

  retrieve(merchantId: string, { signal }: CallOptions = {}): Promise<Merchant> {
    return this.#send({ method: 'GET', path: path`/merchants/${merchantId}`, signal });
  }

  /**
   * Where it is paid to, all of it. Settlements asked for from now on are sent only from `destinations_payable_from` on; the merchant
   * is told by the webhook `merchant.destination_changed`.
   */
  changeDestinations(
    merchantId: string,
    destinations: Readonly<Record<string, Destination>>,
    { signal }: CallOptions = {},
  ): Promise<Merchant> {
    const call = { method: 'PUT', path: path`/merchants/${merchantId}/destinations` } as const;
    return this.#send({ ...call, body: { destinations }, signal });
  }

  /** More of its ids at acquirers: what clears there, and what has cleared there while nobody had the id, is owed to it. */
  addNetworkMerchantIds(merchantId: string, ids: readonly string[], { signal }: CallOptions = {}): Promise<Merchant> {
    const call = { method: 'POST', path: path`/merchants/${merchantId}/network-merchant-ids` } as const;
    return this.#send({ ...call, body: { network_merchant_ids: ids }, signal });
  }

  list({ cursor: from, limit }: PageQuery = {}, { signal }: CallOptions = {}): Listing<Merchant> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/merchants', query: { limit, cursor }, signal } as const;
      return pageOf<Merchant>(await this.#send(call), 'merchants');
    }, from);
  }
}
