// The operations of the API as its document lists them, each with a request that succeeds. What has none here makes the battery
// fail, so no route can miss it. Not used by the service.

import { newId } from '../../contracts/ids.ts';
import type { Answer, Json } from './sample-api.ts';
import { companySamples } from './sample-companies.ts';
import type { SampleWorld, Tenant } from './sample-world.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly scope: string;
  readonly forMerchants: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  /** The answer of success: its status, and its schema by media type. */
  readonly status: number;
  readonly answers: Readonly<Record<string, Schema>>;
  /** Statuses that the document names. */
  readonly statuses: readonly number[];
}

export interface Call {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
}

interface Documented {
  readonly operationId: string;
  readonly 'x-scope': string;
  readonly 'x-for-merchants': boolean;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

export async function operationsOf({ api }: SampleWorld): Promise<Operation[]> {
  const document = written((await (await api.app.request('/openapi.json')).json()) as WithComponents);
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, documented]) => operationOf(method, path, documented)),
  );
}

interface WithComponents {
  readonly paths: Record<string, Record<string, Documented>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** With each schema in the place of its name, so that a battery sees every field. */
function written({ paths, components: { schemas } }: WithComponents): Pick<WithComponents, 'paths'> {
  const inPlace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inPlace);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref: ref, ...rest } = value as Record<string, unknown>;
    const name = /^#\/components\/schemas\/(\w+)$/.exec(String(ref))?.[1];
    const members = name === undefined ? value : { ...(schemas[name] as object), ...rest };
    return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, inPlace(member)]));
  };
  return { paths: inPlace(paths) as WithComponents['paths'] };
}

function operationOf(method: string, path: string, documented: Documented): Operation {
  const { operationId, parameters, requestBody, responses } = documented;
  const [status = '', answer] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? [];
  const answers = Object.entries(answer?.content ?? {}).map(([type, { schema }]) => [type, schema] as const);
  return {
    ...{ method: method.toUpperCase(), path, operationId, parameters },
    scope: documented['x-scope'],
    forMerchants: documented['x-for-merchants'],
    body: requestBody?.content['application/json']?.schema ?? null,
    status: Number(status),
    answers: Object.fromEntries(answers),
    statuses: Object.keys(responses).map(Number),
  };
}

/** Looks like one, and is nobody's. */
export const someId = (prefix: string) => `${prefix}_${'0'.repeat(26)}`;

export function pathOf({ path }: Operation, { params = {}, query = {} }: Call): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
  const search = new URLSearchParams(query).toString();
  return search === '' ? filled : `${filled}?${search}`;
}

export interface Sending {
  readonly key?: string;
  readonly headers?: Record<string, string>;
  /** Instead of the call's body: a text is sent as it is. */
  readonly body?: unknown;
}

/** With an idempotency key of its own, where the operation takes one. */
export function send({ api }: SampleWorld, operation: Operation, call: Call, sending: Sending = {}): Promise<Answer> {
  const { key = api.apiKey, headers = {} } = sending;
  const takesKey = operation.parameters.some(({ name }) => name === 'Idempotency-Key');
  return api.call(operation.method, pathOf(operation, call), 'body' in sending ? sending.body : call.body, {
    authorization: `Bearer ${key}`,
    ...(takesKey ? { 'idempotency-key': newId('req') } : {}),
    ...headers,
  });
}

const wholeProfile = {
  ...{ status: 'active', expires_at_ms: null, funds_minor: null, single_use: false, partial_approval: false },
  ...{ hold_days: null, controls: [], control_set: null },
};

/** A key lasts a year at most. */
const inAMonth = () => new Date(Date.now() + 30 * 24 * 3_600_000).toISOString();

export type Make = (world: SampleWorld, tenant: Tenant) => Promise<Call> | Call;
const settlementCall: Make = async (world, tenant) => ({ params: { settlement_id: await world.settlement(tenant) } });
const deadCall: Make = async (world) => ({ params: { settlement_id: await world.deadSettlement() } });
const endpointCall: Make = async (world, tenant) => ({
  params: { webhook_endpoint_id: await world.endpoint(tenant) },
});
const messageCall: Make = async (world) => ({ params: { webhook_message_id: await world.message() } });
const cardCall: Make = async (world) => ({ params: { card_id: (await world.card()).card_id } });
const setCall: Make = async (world) => ({ params: { control_set_id: await world.controlSet() } });
const distributionCall: Make = async (world) => ({ params: { control_set_id: await world.distributedSet() } });
const authorizationCall: Make = async (world) => ({
  params: { authorization_id: (await world.card()).authorization_id },
});
const ledgerCall: Make = async (world) => ({
  params: { ledger_account_id: String((await world.account())['ledger_account_id']) },
});
const accountCall: Make = async (world) => ({ params: { account_id: String((await world.account())['account_id']) } });
const openItemCall: Make = async (world) => ({ params: { open_item_id: await world.openItem() } });
const nothing: Make = () => ({});

/** A request that succeeds, each time: what it needs is made anew. */
export const samples: Readonly<Record<string, Make>> = {
  createSettlement: (_, { merchant_id }) => ({
    body: { merchant_id, amount_minor: 100, currency: 'USD', reference: 'INV-1' },
  }),
  readSettlement: settlementCall,
  listSettlements: (_, { merchant_id }) => ({ query: { merchant_id, state: 'queued', limit: '2' } }),
  cancelSettlement: settlementCall,
  listSettlementTransitions: settlementCall,
  listSettlementTransfers: settlementCall,
  createMerchant: () => ({
    body: {
      ...{ name: 'Shop', currency: 'EUR', network_merchant_ids: [newId('req')] },
      destinations: { simulated: { account: 'acc-1' } },
      schedule: { time: '23:30', zone: 'Europe/Berlin' },
    },
  }),
  readMerchant: (_, { merchant_id }) => ({ params: { merchant_id } }),
  listMerchants: () => ({ query: { limit: '1' } }),
  addNetworkMerchantIds: (_, { merchant_id }) => ({
    params: { merchant_id },
    body: { network_merchant_ids: [newId('req')] },
  }),
  // Of a merchant of its own: the settlements of the other samples would wait for a changed destination.
  changeDestinations: async (world) => {
    const { body } = await world.api.call('POST', '/merchants', { name: 'Shop', currency: 'USD' });
    return {
      params: { merchant_id: String(body['merchant_id']) },
      body: { destinations: { simulated: { account: 'acc-2' } } },
    };
  },
  listUnassignedClearings: () => ({ query: { limit: '1' } }),
  createWebhookEndpoint: async (world, tenant) => {
    await world.endpoint(tenant);
    return { body: { merchant_id: tenant.merchant_id, url: 'https://1.1.1.1/hooks', event_types: [] } };
  },
  readWebhookEndpoint: endpointCall,
  listWebhookEndpoints: (_, { merchant_id }) => ({ query: { merchant_id, limit: '2' } }),
  updateWebhookEndpoint: async (world, tenant) => ({
    ...(await endpointCall(world, tenant)),
    body: { description: 'now', event_types: ['settlement.completed'] },
  }),
  rotateWebhookSecret: endpointCall,
  removeWebhookEndpoint: endpointCall,
  listWebhookMessages: endpointCall,
  recoverWebhooks: async (world, tenant) => ({
    ...(await endpointCall(world, tenant)),
    body: { since: '2026-11-01T00:00:00Z' },
  }),
  sendTestWebhook: endpointCall,
  readWebhookMessage: messageCall,
  resendWebhookMessage: messageCall,
  listSettlementDeadLetters: async (world) => {
    await world.deadSettlement();
    return { query: { failure_code: 'attempts_exhausted', limit: '1' } };
  },
  readSettlementDeadLetter: deadCall,
  replaySettlementDeadLetter: deadCall,
  replaySettlementDeadLetters: () => ({ body: { failure_code: 'provider_rejected' } }),
  discardSettlementDeadLetter: async (world, tenant) => ({
    ...(await deadCall(world, tenant)),
    body: { reason: 'paid by hand' },
  }),
  createApiKey: () => ({
    body: { name: 'another of its kind', scopes: ['keys:write'], expires_at: inAMonth() },
  }),
  listApiKeys: (_, { merchant_id }) => ({ query: { merchant_id } }),
  revokeApiKey: async (world) => ({ params: { api_key_id: await world.apiKey() } }),
  createAccount: () => ({ body: { name: 'Zoë & Söhne', currency: 'USD' } }),
  readAccount: accountCall,
  fundAccount: async (world, tenant) => ({ ...(await accountCall(world, tenant)), body: { amount_minor: 500 } }),
  readBalanceAt: async (world, tenant) => ({
    ...(await accountCall(world, tenant)),
    query: { at: '2026-11-01T00:00:00Z' },
  }),
  readStatement: accountCall,
  listAccounts: () => ({ query: { limit: '1' } }),
  changeAccount: async (world, tenant) => ({
    ...(await accountCall(world, tenant)),
    body: { budget: { amount_minor: 50_000, window: { per: 'month', time_zone: 'Europe/Berlin' } } },
  }),
  withdrawFromAccount: async (world, tenant) => {
    const { params } = await accountCall(world, tenant);
    await world.api.call('POST', `/accounts/${params?.['account_id']}/fundings`, { amount_minor: 500 });
    return { params: params ?? {}, body: { amount_minor: 200 } };
  },
  createCard: async (world) => {
    const account_id = (await world.account())['account_id'];
    return { body: { account_id, network: 'native', card_token: newId('req'), controls: [] } };
  },
  listCards: () => ({ query: { limit: '1' } }),
  readCard: cardCall,
  changeCard: async (world, tenant) => ({ ...(await cardCall(world, tenant)), body: { status: 'frozen' } }),
  replaceCardProfile: async (world, tenant) => ({ ...(await cardCall(world, tenant)), body: wholeProfile }),
  readCardControls: cardCall,
  readCardStandIn: cardCall,
  compareCard: cardCall,
  rereadCard: cardCall,
  ...companySamples,
  createControlSet: () => ({ body: { name: 'everyday', controls: [] } }),
  listControlSets: () => ({ query: { limit: '1' } }),
  readControlSet: setCall,
  createControlSetVersion: async (world, tenant) => ({ ...(await setCall(world, tenant)), body: { controls: [] } }),
  applyControlSetVersion: async (world) => ({ params: { control_set_id: await world.controlSet(), version: 1 } }),
  readControlSetDistribution: distributionCall,
  pauseControlSetDistribution: async (world) => ({ params: { control_set_id: await world.distributedSet('running') } }),
  undoControlSetDistribution: distributionCall,
  backtestControls: async (world) => ({ body: { card_id: (await world.card()).card_id, controls: [] } }),
  listCategories: nothing,
  listAuthorizations: async (world) => ({ query: { card_id: (await world.card()).card_id } }),
  explainAuthorization: authorizationCall,
  readAuthorizationTimeline: authorizationCall,
  readLedgerAccount: ledgerCall,
  listLedgerTransfers: ledgerCall,
  countOpenItems: async (world) => {
    await world.openItem();
    return {};
  },
  listOpenItems: async (world) => {
    await world.openItem();
    return { query: { kind: 'booked_twice', limit: '1' } };
  },
  readOpenItem: openItemCall,
  actOnOpenItem: async (world) => {
    const open_item_id = await world.openItem();
    return { params: { open_item_id, action: 'dismiss' }, body: { reason: 'the bank has corrected it' } };
  },
  actOnOpenItems: () => ({
    params: { action: 'dismiss' },
    body: { kind: 'bank_file_set_aside', provider: 'iso20022', reason: 'files of a bank that we have left' },
  }),
  listAccessRecords: () => ({ query: { outcome: 'read', limit: '2' } }),
  listAuditEvents: async (world, tenant) => ({ query: { subject: await world.settlement(tenant), limit: '2' } }),
};

export async function callOf(world: SampleWorld, { operationId }: Operation, tenant = world.own): Promise<Call> {
  const make = samples[operationId];
  if (make === undefined)
    throw new Error(`${operationId} has no sample, so nothing tests it: add one to sample-operations.ts`);
  return await make(world, tenant);
}
