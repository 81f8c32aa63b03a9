// Settlements: asked for once, paid out once. Types as on the wire; the repository's tests hold them against its contracts.

import { AtlasError } from './atlas-error.ts';
import { Listing, pageOf } from './listing.ts';
import { pause } from './pause.ts';
import { type CallOptions, newIdempotencyKey, path, type Send } from './transport.ts';

/** `retry_pending`: it failed softly and is tried again, or waits for a person (`dead_lettered`). */
export type SettlementState = 'queued' | 'processing' | 'completed' | 'failed' | 'retry_pending';

export interface NewSettlement {
  readonly merchant_id: string;
  /** Minor units: 1250 is 12.50 in a currency with two decimals. */
  readonly amount_minor: number;
  /** ISO 4217, such as `EUR`. */
  readonly currency: string;
  /** Your own word for it, shown on the merchant's statement. */
  readonly reference?: string | undefined;
}

/** Money of a completed settlement that came back; what it was is owed again. */
export interface SettlementReturn {
  readonly settlement_return_id: `srt_${string}`;
  readonly amount_minor: number;
  /** Why, in the provider's words: `provider_account_closed`. */
  readonly reason_code: string;
  /** By the provider's clock; null where it does not tell. */
  readonly occurred_at: string | null;
  readonly booked_at: string;
}

export interface Settlement {
  readonly settlement_id: `stl_${string}`;
  readonly merchant_id: `mrch_${string}`;
  readonly amount_minor: number;
  readonly currency: string;
  readonly reference: string;
  readonly state: SettlementState;
  /** Set aside until an operator replays or discards it. */
  readonly dead_lettered: boolean;
  readonly failure_code: string | null;
  /** The merchant's destination was changed before it was asked for: it waits, `queued`, and is sent from then on. Null: at once. */
  readonly payable_from: string | null;
  /** What came back after it was completed, in sum, and each return. The state stays `completed`. */
  readonly returned_minor: number;
  readonly returns: readonly SettlementReturn[];
  /** What of it needs one of our people now: ids to ask us by. */
  readonly open_item_ids: readonly `oit_${string}`[];
  readonly created_at: string;
  readonly updated_at: string;
  /** When it became `completed` or `failed`; from then on it never changes. */
  readonly final_at: string | null;
}

export interface SettlementTransition {
  readonly from: SettlementState | null;
  readonly to: SettlementState;
  readonly at: string;
  /** Your own API key, or `atlas`, then without a reason and a correlation id. */
  readonly actor: string;
  readonly reason: string;
  readonly correlation_id: string;
}

export interface LedgerSide {
  /** Null where it is not an account of the merchant. */
  readonly ledger_account_id: `lac_${string}` | null;
  /** As `merchant_payable` or `provider_transit`. */
  readonly kind: string;
}

/** What the ledger did for a settlement: reserved (`pending`), then paid (`post`) or gave back (`void`); what came back (`direct`). */
export interface SettlementTransfer {
  readonly transfer_id: `trf_${string}`;
  /** `direct` to `merchant_payable`: it came back. `direct` otherwise: it was reserved with one provider, and paid by another. */
  readonly kind: 'pending' | 'post' | 'void' | 'direct';
  readonly debit: LedgerSide;
  readonly credit: LedgerSide;
  readonly amount_minor: number;
  readonly currency: string;
  readonly booked_at: string;
}

export interface SettlementQuery {
  readonly merchant_id?: string | undefined;
  readonly state?: SettlementState | undefined;
  /** Items of a page, 1 to 100; 50. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface CreateOptions extends CallOptions {
  /** Names this one effect: the same key again is the same settlement. A random one by default, kept over retries. */
  readonly idempotencyKey?: string | undefined;
}

export interface WaitOptions extends CallOptions {
  /** 60 seconds by default. */
  readonly timeoutMs?: number | undefined;
}

/** Between two looks: most settlements are final within a second, and some take a bank's day. */
const pollMsMin = 250;
const pollMsMax = 5_000;

export class Settlements {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  create(body: NewSettlement, { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {}) {
    return this.#send<Settlement>({ method: 'POST', path: '/settlements', body, idempotencyKey, signal });
  }

  retrieve(settlementId: string, { signal }: CallOptions = {}): Promise<Settlement> {
    return this.#send({ method: 'GET', path: path`/settlements/${settlementId}`, signal });
  }

  /** The newest first. */
  list({ cursor: from, ...query }: SettlementQuery = {}, { signal }: CallOptions = {}): Listing<Settlement> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/settlements', query: { ...query, cursor }, signal } as const;
      return pageOf<Settlement>(await this.#send(call), 'settlements');
    }, from);
  }

  /** Only while it is queued: `settlement_not_queued` otherwise. */
  cancel(settlementId: string, { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {}) {
    return this.#send<Settlement>({
      ...{ method: 'POST', path: path`/settlements/${settlementId}/cancel`, idempotencyKey, signal },
    });
  }

  async transitions(settlementId: string, { signal }: CallOptions = {}): Promise<readonly SettlementTransition[]> {
    const call = { method: 'GET', path: path`/settlements/${settlementId}/transitions`, signal } as const;
    return (await this.#send<{ transitions: SettlementTransition[] }>(call)).transitions;
  }

  /** What the ledger booked for it, in its order. */
  async transfers(settlementId: string, { signal }: CallOptions = {}): Promise<readonly SettlementTransfer[]> {
    const call = { method: 'GET', path: path`/settlements/${settlementId}/transfers`, signal } as const;
    return (await this.#send<{ transfers: SettlementTransfer[] }>(call)).transfers;
  }

  /**
   * Asks until it is `completed` or `failed`, ever less often. Throws `wait_timed_out` when it takes longer: the settlement goes
   * on, and its webhook comes. Prefer the webhook where you can take one.
   */
  async waitUntilFinal(settlementId: string, { timeoutMs = 60_000, signal }: WaitOptions = {}): Promise<Settlement> {
    const deadlineMs = Date.now() + timeoutMs;
    for (let pollMs = pollMsMin; ; pollMs = Math.min(pollMs * 1.6, pollMsMax)) {
      const settlement = await this.retrieve(settlementId, { signal });
      if (settlement.final_at !== null) return settlement;
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0)
        throw new AtlasError({
          ...{ status: 0, errorCode: 'wait_timed_out' },
          message: `The settlement is still ${settlement.state} after ${timeoutMs} ms. It goes on.`,
        });
      await pause(Math.min(leftMs, pollMs * (0.75 + Math.random() / 2)), signal);
    }
  }
}
