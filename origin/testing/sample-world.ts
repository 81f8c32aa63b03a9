// What a battery over all routes needs: two merchants with keys and belongings, an operator's cards and books. Not used by the
// service.

import type { Id } from '../../contracts/ids.ts';
import { newId } from '../../contracts/ids.ts';
import { merchantScopes, newApiKey, type Scope, scopes } from '../api/identity/caller.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { creditMerchant } from '../merchants/merchants.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import { type Answer, type Json, SampleApi, type SampleParts } from './sample-api.ts';

const worldSettings = {
  SETTLEMENT_PROVIDERS: 'simulated',
  SIMULATED_PROVIDER_URL: 'http://127.0.0.1:9',
  SIMULATED_PROVIDER_KEY: 'a-key-that-nobody-asks-for',
};

export interface KeyOptions {
  readonly merchant_id?: string;
  readonly scopes?: readonly Scope[];
  readonly revoked?: boolean;
  readonly expired?: boolean;
}

/** One merchant, its partner's key, and something of each kind. */
export interface Tenant {
  readonly merchant_id: Id<'mrch'>;
  readonly key: string;
}

export class SampleWorld {
  readonly api: SampleApi;
  readonly own: Tenant;
  readonly other: Tenant;

  static async start(
    url: string,
    settings: Record<string, string> = {},
    parts: SampleParts = {},
  ): Promise<SampleWorld> {
    const api = await SampleApi.start(url, { ...worldSettings, ...settings }, parts);
    const [own, other] = [await newTenant(api), await newTenant(api)];
    return new SampleWorld(api, own, other);
  }

  private constructor(api: SampleApi, own: Tenant, other: Tenant) {
    this.api = api;
    this.own = own;
    this.other = other;
  }

  newKey(options: KeyOptions = {}): Promise<string> {
    return newKey(this.api, options);
  }

  async settlement({ merchant_id }: Tenant = this.own): Promise<string> {
    const body = { merchant_id, amount_minor: 100, currency: 'USD' };
    return idIn(
      await this.api.call('POST', '/settlements', body, { 'idempotency-key': newId('req') }),
      'settlement_id',
    );
  }

  /** One that ran out of tries, by hand: no engine works here. */
  async deadSettlement(): Promise<string> {
    const settlement_id = await this.settlement();
    await this.#set(settlement_id, `state = 'processing'`);
    await this.#set(
      settlement_id,
      `state = 'retry_pending', failure_code = 'attempts_exhausted', failure_kind = 'soft', dead_lettered_at = now()`,
    );
    return settlement_id;
  }

  async #set(settlementId: string, changes: string): Promise<void> {
    await this.api.database.sql.query(`update settlements set ${changes} where settlement_id = $1`, [settlementId]);
  }

  async openItem(): Promise<string> {
    const { sql } = this.api.database;
    const key = newId('req');
    await raiseOpenItems(sql, [
      {
        ...{ kind: 'booked_twice', key, summary: 'The bank booked a payment of ours twice.', evidence: { entry: key } },
        ...{ amount: { minor: 100n, currency: 'USD' }, merchant_id: this.own.merchant_id, provider: 'iso20022' },
      },
    ]);
    const { rows } = await sql.query<{ open_item_id: string }>(
      'select open_item_id from open_items where item_key = $1',
      [key],
    );
    return rows[0]?.open_item_id ?? '';
  }

  async endpoint({ merchant_id }: Tenant = this.own): Promise<string> {
    const body = { merchant_id, url: 'https://1.1.1.1/hooks' };
    const made = await this.api.call('POST', '/webhook-endpoints', body);
    const id = idIn(made, 'webhook_endpoint_id');
    // A merchant may have twenty: a battery makes more.
    this.#endpoints.push(id);
    if (this.#endpoints.length > 10) await this.api.call('DELETE', `/webhook-endpoints/${this.#endpoints.shift()}`);
    return id;
  }
  readonly #endpoints: string[] = [];

  async message(): Promise<string> {
    const endpoint = await this.endpoint();
    return idIn(await this.api.call('POST', `/webhook-endpoints/${endpoint}/test`), 'webhook_message_id');
  }

  async apiKey(): Promise<string> {
    return idIn(await this.api.call('POST', '/api-keys', { name: 'x', scopes: ['cards:read'] }), 'api_key_id');
  }

  async controlSet(): Promise<string> {
    return idIn(await this.api.call('POST', '/control-sets', { name: 'x', controls: [] }), 'control_set_id');
  }

  /** A set whose second version its card has got; `running`: as if there were more. */
  async distributedSet(state: 'done' | 'running' = 'done'): Promise<string> {
    const control_set_id = await this.controlSet();
    await this.api.newCard({ control_set: { control_set_id } });
    await this.api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [] });
    await this.api.call('POST', `/control-sets/${control_set_id}/versions/2/apply`);
    const change = 'update control_set_distributions set state = $2 where control_set_id = $1';
    await this.api.database.sql.query(change, [control_set_id, state]);
    return control_set_id;
  }

  async company(): Promise<string> {
    return idIn(await this.api.call('POST', '/companies', { name: 'Bakery' }), 'company_id');
  }

  async department(company_id?: string): Promise<string> {
    const at = `/companies/${company_id ?? (await this.company())}/departments`;
    return idIn(await this.api.call('POST', at, { name: 'Sales' }), 'department_id');
  }

  async employee(department_id?: string): Promise<string> {
    const at = `/departments/${department_id ?? (await this.department())}/employees`;
    return idIn(await this.api.call('POST', at, { display_name: 'A. Noether' }), 'employee_id');
  }

  async account(): Promise<Json> {
    return await this.api.newAccount();
  }

  /** A card that the edge knows, with one purchase. */
  async card(): Promise<{ card_id: string; authorization_id: string }> {
    const { card, sample } = await this.api.newCard();
    sample.authorize(1_000);
    this.api.edge.states.set(sample.card_key, { state: sample.state, nowMs: sample.nowMs });
    this.api.edge.logs.set(sample.card_key, sample.events);
    await this.api.deliver(sample.message());
    const [event] = sample.events.filter(({ kind }) => kind === 'authorization') as { authorization_id: string }[];
    return { card_id: String(card['card_id']), authorization_id: event?.authorization_id ?? '' };
  }
}

async function newTenant(api: SampleApi): Promise<Tenant> {
  const body = { name: 'Shop', currency: 'USD', destinations: { simulated: { account: 'acc-1' } } };
  const merchant_id = idIn(await api.call('POST', '/merchants', body), 'merchant_id') as Id<'mrch'>;
  await creditMerchant(api.database, createHouseAccounts(api.database.sql), {
    ...{ merchant_id, amount_minor: 1_000_000n, network: 'native' },
  });
  return { merchant_id, key: await newKey(api, { merchant_id, scopes: merchantScopes }) };
}

/** Straight into the table: some of what the API would never make. */
async function newKey(api: SampleApi, options: KeyOptions): Promise<string> {
  const { key, hash, shown } = newApiKey();
  await api.database.sql.query(
    `insert into api_keys (api_key_id, key_hash, shown, name, merchant_id, scopes, revoked_at, expires_at)
     values ($1, $2, $3, 'test', $4, $5, $6, $7)`,
    [
      ...[newId('akey'), hash, shown, options.merchant_id ?? null, [...(options.scopes ?? scopes)]],
      options.revoked === true ? new Date() : null,
      options.expired === true ? new Date(Date.now() - 1_000) : null,
    ],
  );
  return key;
}

function idIn({ status, body, text }: Answer, name: string): string {
  const id = body[name];
  if (typeof id !== 'string') throw new Error(`no ${name} in an answer ${status}: ${text}`);
  return id;
}
