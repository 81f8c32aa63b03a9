// Accounts, for operators' keys: whose money cards spend, how it comes in and goes out, and what there was at a moment.

import { Listing, pageOf } from './listing.ts';
import type { PageQuery } from './merchants.ts';
import type { CreateOptions } from './settlements.ts';
import { type CallOptions, newIdempotencyKey, path, type Send } from './transport.ts';

export interface ListedAccount {
  readonly account_id: `acct_${string}`;
  readonly name: string;
  readonly currency: string;
  readonly kind: 'prefunded' | 'credit' | 'network';
  readonly credit_limit_minor: number | null;
  readonly company_id: `comp_${string}` | null;
  readonly department_id: `dept_${string}` | null;
  readonly employee_id: `empl_${string}` | null;
  /** Null: it has funds of its own. Otherwise it spends those of the account at the top. */
  readonly parent_account_id: `acct_${string}` | null;
  /** No card is declined by it yet. */
  readonly budget: { readonly amount_minor: number; readonly window: Readonly<Record<string, unknown>> } | null;
  readonly children_may_exceed: boolean;
  readonly created_at_ms: number;
}

/** Its figures are those of it and all below it; `available_minor` of the account at the top. */
export interface Account extends ListedAccount {
  readonly balance_minor: number;
  readonly held_minor: number;
  readonly available_minor: number;
  readonly ledger_account_id: `lac_${string}`;
}

export interface NewAccount {
  readonly name: string;
  readonly currency: string;
  readonly kind?: ListedAccount['kind'];
  readonly credit_limit_minor?: number;
  /** One of these three at most. */
  readonly company_id?: string;
  readonly department_id?: string;
  readonly employee_id?: string;
  readonly parent_account_id?: string;
  readonly budget?: ListedAccount['budget'];
  readonly children_may_exceed?: boolean;
}

export interface Moved {
  readonly transfer_id: `trf_${string}`;
  readonly account: Account;
}

export interface StatementLine {
  readonly transfer_id: `trf_${string}`;
  readonly kind: 'pending' | 'post' | 'void' | 'direct';
  /** Above nothing: into the account. */
  readonly amount_minor: number;
  readonly counterparty: string;
  readonly authorization_id: `auth_${string}` | null;
  readonly event_at_ms: number;
  readonly booked_at_ms: number;
}

export interface BalanceAt {
  readonly account_id: `acct_${string}`;
  readonly at: string;
  readonly currency: string;
  readonly balance_minor: number;
  readonly held_minor: number;
}

export interface AccountQuery extends PageQuery {
  readonly company_id?: string | undefined;
  readonly parent_account_id?: string | undefined;
}

export class Accounts {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  create(body: NewAccount, { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {}): Promise<Account> {
    return this.#send({ method: 'POST', path: '/accounts', body, idempotencyKey, signal });
  }

  retrieve(accountId: string, { signal }: CallOptions = {}): Promise<Account> {
    return this.#send({ method: 'GET', path: path`/accounts/${accountId}`, signal });
  }

  list({ cursor: from, ...query }: AccountQuery = {}, { signal }: CallOptions = {}): Listing<ListedAccount> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/accounts', query: { ...query, cursor }, signal } as const;
      return pageOf<ListedAccount>(await this.#send(call), 'accounts');
    }, from);
  }

  /** Written once, however often it is sent: give a key that you have stored to be safe across crashes of your own process. */
  deposit(accountId: string, amountMinor: number, options: CreateOptions = {}): Promise<Moved> {
    return this.#move(path`/accounts/${accountId}/fundings`, amountMinor, options);
  }

  /** `amount_not_available` where there is less. */
  withdraw(accountId: string, amountMinor: number, options: CreateOptions = {}): Promise<Moved> {
    return this.#move(path`/accounts/${accountId}/withdrawals`, amountMinor, options);
  }

  /** The account's own lines, the newest first. */
  statement(accountId: string, { cursor: from, limit }: PageQuery = {}, { signal }: CallOptions = {}) {
    return new Listing<StatementLine>(async (cursor) => {
      const call = { method: 'GET', path: path`/accounts/${accountId}/statement`, query: { limit, cursor } } as const;
      return pageOf<StatementLine>(await this.#send({ ...call, signal }), 'lines');
    }, from);
  }

  balanceAt(accountId: string, at: Date, { signal }: CallOptions = {}): Promise<BalanceAt> {
    const call = { method: 'GET', path: path`/accounts/${accountId}/balance` } as const;
    return this.#send({ ...call, query: { at: at.toISOString() }, signal });
  }

  #move(to: string, amount_minor: number, options: CreateOptions): Promise<Moved> {
    const { idempotencyKey = newIdempotencyKey(), signal } = options;
    return this.#send({ method: 'POST', path: to, body: { amount_minor }, idempotencyKey, signal });
  }
}
