// The routes of the API, each with the requests that may be its worst: one that is taken, the longest page, and the largest bodies in the
// shapes that cost the most to look through. Which of them is the worst is measured (neighbours-benchmark.ts).

import { callsOfBody } from '../origin/api/http/cost.ts';
import type { FloodCall } from './neighbour-program.ts';
import type { Belongings } from './neighbour-world.ts';

export interface Target {
  readonly name: string;
  readonly method: string;
  /** False: an operator's key is needed. */
  readonly forMerchants: boolean;
  readonly calls: readonly (readonly [what: string, call: FloodCall])[];
}

/** One operation of the API's document. */
export interface Documented {
  readonly path: string;
  readonly method: string;
  readonly operationId: string;
  readonly 'x-for-merchants': boolean;
  /** As how many calls of the quota each counts at least. */
  readonly 'x-quota-calls': number;
  /** Of its body; null: it takes none. */
  readonly fields: readonly string[] | null;
}

export async function documentedAt(url: string): Promise<Documented[]> {
  return documentedIn(await (await fetch(`${url}/openapi.json`)).json());
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

interface Operation extends Omit<Documented, 'path' | 'method' | 'fields'> {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> };
}

export function documentedIn(document: unknown): Documented[] {
  const { paths, components } = document as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, ...operation }]) => {
      const schema = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1);
      const fields = schema === undefined ? null : Object.keys(components.schemas[schema]?.properties ?? {});
      return { ...operation, path, method: method.toUpperCase(), fields };
    }),
  );
}

interface Taken {
  readonly query?: string;
  readonly body?: object;
}

const profile = {
  ...{ status: 'active', expires_at_ms: null, funds_minor: null, single_use: false, partial_approval: false },
  ...{ hold_days: null, controls: [], control_set: null },
};
const bare = (): Taken => ({});
const page = (more = '') => ({ query: `limit=100${more}` });

/** A request that each route takes; `#` is another number in each. What a path names is in `Belongings`. */
export const asked: Readonly<Record<string, (world: Belongings) => Taken>> = {
  createSettlement: ({ merchant_id }) => ({
    body: { merchant_id, amount_minor: 1, currency: 'USD', reference: 'N-#' },
  }),
  readSettlement: bare,
  listSettlements: () => page(),
  cancelSettlement: bare,
  listSettlementTransitions: bare,
  listSettlementTransfers: bare,
  createMerchant: () => ({ body: { name: 'N #', currency: 'USD', network_merchant_ids: ['n-#'] } }),
  readMerchant: bare,
  listMerchants: () => page(),
  addNetworkMerchantIds: () => ({ body: { network_merchant_ids: ['added-#'] } }),
  changeDestinations: () => ({ body: { destinations: { simulated: { account: 'n-#' } } } }),
  listUnassignedClearings: () => page(),
  createWebhookEndpoint: ({ merchant_id }) => ({
    body: { merchant_id, url: 'https://hooks-#.invalid/x', event_types: [] },
  }),
  readWebhookEndpoint: bare,
  listWebhookEndpoints: () => page(),
  updateWebhookEndpoint: () => ({ body: { description: 'now #' } }),
  rotateWebhookSecret: bare,
  removeWebhookEndpoint: bare,
  listWebhookMessages: () => page(),
  recoverWebhooks: () => ({ body: { since: '2026-01-01T00:00:00Z' } }),
  sendTestWebhook: bare,
  readWebhookMessage: bare,
  resendWebhookMessage: bare,
  listSettlementDeadLetters: () => page(),
  readSettlementDeadLetter: bare,
  replaySettlementDeadLetter: bare,
  replaySettlementDeadLetters: () => ({ body: { failure_code: 'provider_rejected' } }),
  discardSettlementDeadLetter: () => ({ body: { reason: 'paid by hand' } }),
  createApiKey: () => ({ body: { name: 'N #', scopes: ['cards:read'] } }),
  listApiKeys: () => page(),
  revokeApiKey: bare,
  createAccount: () => ({ body: { name: 'N #', currency: 'USD' } }),
  readAccount: bare,
  listAccounts: () => page(),
  changeAccount: () => ({ body: { name: 'now #' } }),
  fundAccount: () => ({ body: { amount_minor: 1 } }),
  withdrawFromAccount: () => ({ body: { amount_minor: 1 } }),
  readBalanceAt: () => ({ query: 'at=2026-01-01T00:00:00Z' }),
  readStatement: () => page(),
  createCompany: () => ({ body: { name: 'N #', reference: 'n-#' } }),
  listCompanies: () => page(),
  readCompany: bare,
  changeCompany: () => ({ body: { name: 'now #' } }),
  createDepartment: () => ({ body: { name: 'N #', parent_department_id: null, reference: 'n-#' } }),
  listDepartments: () => page(),
  readDepartment: bare,
  changeDepartment: () => ({ body: { name: 'now #' } }),
  createEmployee: () => ({ body: { display_name: 'N #', reference: 'n-#' } }),
  listEmployees: () => page(),
  readEmployee: bare,
  changeEmployee: () => ({ body: { display_name: 'now #' } }),
  offboardEmployee: bare,
  assignCard: ({ employee_id }) => ({ body: { employee_id } }),
  createCard: ({ account_id }) => ({ body: { account_id, network: 'native', card_token: 'n-#', controls: [] } }),
  listCards: () => page(),
  readCard: bare,
  changeCard: () => ({ body: { status: 'frozen' } }),
  replaceCardProfile: () => ({ body: profile }),
  readCardControls: bare,
  readCardStandIn: bare,
  compareCard: bare,
  rereadCard: bare,
  createControlSet: ({ controls }) => ({ body: { name: 'N #', controls } }),
  listControlSets: () => page(),
  readControlSet: bare,
  createControlSetVersion: ({ controls }) => ({ body: { controls } }),
  applyControlSetVersion: bare,
  readControlSetDistribution: bare,
  pauseControlSetDistribution: bare,
  undoControlSetDistribution: bare,
  backtestControls: ({ account_id, controls }) => ({ body: { account_id, sample: 1_000, controls } }),
  listCategories: bare,
  listAuthorizations: ({ card_id }) => page(`&card_id=${card_id}`),
  explainAuthorization: bare,
  readAuthorizationTimeline: bare,
  readLedgerAccount: bare,
  listLedgerTransfers: () => page(),
  countOpenItems: bare,
  listOpenItems: () => page(),
  readOpenItem: bare,
  actOnOpenItem: () => ({ body: { reason: 'the bank has corrected it' } }),
  actOnOpenItems: () => ({ body: { kind: 'booked_twice', reason: 'the bank has corrected them' } }),
  listAccessRecords: () => page(),
  listAuditEvents: () => page(),
};

/** Routes that are not asked, each with its reason. A route of the API is here or in `asked` (neighbour-routes.test.ts). */
export const notAsked: Readonly<Record<string, string>> = {};

export function targetsOf(documented: readonly Documented[], world: Belongings): Target[] {
  return documented.flatMap((operation) => {
    const taken = asked[operation.operationId]?.(world);
    if (taken === undefined) return [];
    const { operationId: name, method, fields } = operation;
    const path = filled(operation, world);
    const call = (body: string | null): FloodCall => ({
      method,
      path,
      body,
      weight: Math.max(operation['x-quota-calls'], callsOfBody(lengthOf(body), body !== null)),
    });
    const usual = call(taken.body === undefined ? null : JSON.stringify(taken.body));
    const first: [string, FloodCall] =
      taken.query === undefined
        ? [taken.body === undefined ? 'as it is' : 'one that is taken', usual]
        : ['a page of 100', { ...usual, path: `${path}?${taken.query}` }];
    const bodies = fields === null ? [] : largeBodies(fields);
    const calls = [first, ...bodies.map(([what, body]) => [what, call(body)] as const)];
    return [{ name, method, forMerchants: operation['x-for-merchants'], calls }];
  });
}

function lengthOf(body: string | null): string {
  return String(Buffer.byteLength(body ?? ''));
}

function filled({ path, operationId }: Documented, world: Belongings): string {
  const ofDead = path.startsWith('/settlement-dead-letters/');
  return path.replaceAll(/\{(\w+)\}/g, (_, parameter: keyof Belongings | 'version' | 'action') => {
    if (parameter === 'version') return '1';
    if (parameter === 'action') return 'dismiss';
    if (parameter === 'settlement_id' && ofDead) return world.dead_settlement_id;
    if (operationId === 'removeWebhookEndpoint') return world.removed_webhook_endpoint_id;
    if (operationId === 'changeDestinations') return world.unpaid_merchant_id;
    if (operationId === 'offboardEmployee') return world.leaving_employee_id;
    const value = world[parameter];
    if (typeof value !== 'string') throw new Error(`${operationId}: nothing to fill {${parameter}} with`);
    return value;
  });
}

/** Just below the bound of 64 KiB. */
const bodyBytes = 64_000;

function largeBodies(fields: readonly string[]): [string, string][] {
  const each = Math.floor(bodyBytes / Math.max(1, fields.length)) - 40;
  const filledWith = (value: (bytes: number) => unknown) =>
    JSON.stringify(Object.fromEntries(fields.map((name) => [name, value(each)])));
  const list = (bytes: number, item: (n: number) => unknown, itemBytes: number) =>
    Array.from({ length: Math.floor(bytes / itemBytes) }, (_, n) => item(n));
  const names = list(bodyBytes, (n) => [`f${n.toString(36)}`, 1], 9) as [string, number][];
  return [
    ['lists of objects', filledWith((bytes) => list(bytes, () => ({}), 3))],
    ['lists of numbers', filledWith((bytes) => list(bytes, () => 1, 2))],
    ['lists of words', filledWith((bytes) => list(bytes, (n) => `lodgin${n.toString(36)}`, 13))],
    ['digits with signs', filledWith((bytes) => '5,'.repeat(bytes / 2))],
    ['escaped digits', filledWith((bytes) => '%D9%A4'.repeat(bytes / 6))],
    ['unknown fields', JSON.stringify(Object.fromEntries(names))],
  ];
}
