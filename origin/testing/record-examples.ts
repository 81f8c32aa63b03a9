// Records the examples of the document: the battery's samples, sent to a service of its own. Ids, instants, keys and seals are made up
// anew, so that none of them is anybody's. Not used by the service.

import { createHash } from 'node:crypto';
import type { Example } from '../api/http/examples.ts';
import type { Json } from '../api/http/json-schema.ts';
import type { Call, Operation } from './sample-operations.ts';
import { callOf, operationsOf, pathOf } from './sample-operations.ts';
import type { SampleWorld } from './sample-world.ts';

const limit = {
  control_id: 'daily',
  does: 'limit',
  amount_minor: 50_000,
  window: { per: 'day', time_zone: 'Europe/Berlin' },
};
const block = { control_id: 'no-gambling', does: 'block', applies_to: { category: { any_of: ['gambling'] } } };
const controls = [limit, block];

/** Bodies that say more than those of the battery, which has to try the least. */
const bodies: Readonly<Record<string, object>> = {
  createCard: { card_token: 'card-0001', controls },
  replaceCardProfile: { controls },
  changeCard: { status: 'frozen' },
  createControlSet: { name: 'Everyday', controls },
  createControlSetVersion: { controls },
  backtestControls: { controls: [limit] },
  createAccount: { name: 'Travel budget' },
  createMerchant: { name: 'Corner Grocery', network_merchant_ids: ['000000000099999'] },
  addNetworkMerchantIds: { network_merchant_ids: ['000000000088888'] },
  createWebhookEndpoint: { url: 'https://shop.example/hooks', event_types: ['settlement.completed'] },
  createApiKey: { name: 'Bookkeeping', scopes: ['settlements:read', 'ledger:read'] },
};

export async function recordExamples(world: SampleWorld): Promise<Record<string, Example>> {
  const recorded: Record<string, Example> = {};
  for (const operation of await operationsOf(world)) {
    const call = await callOf(world, operation);
    const extra = bodies[operation.operationId];
    const sent: Call = extra === undefined ? call : { ...call, body: { ...call.body, ...extra } };
    recorded[operation.operationId] = await record(world, operation, sent);
  }
  return JSON.parse(madeUp(JSON.stringify(recorded))) as Record<string, Example>;
}

async function record(world: SampleWorld, operation: Operation, call: Call): Promise<Example> {
  const takesKey = operation.parameters.some(({ name }) => name === 'Idempotency-Key');
  const key = takesKey ? { 'idempotency-key': `example-${operation.operationId}` } : {};
  const answer = await world.api.call(operation.method, pathOf(operation, call), call.body, key);
  if (answer.status !== operation.status)
    throw new Error(`${operation.operationId} answered ${answer.status}: ${answer.text}`);
  return {
    parameters: {
      ...call.params,
      ...queryOf(operation, call),
      ...(takesKey ? { 'Idempotency-Key': '"payout-of-november"' } : {}),
    },
    ...(call.body === undefined ? {} : { body: call.body }),
    ...(answer.text === '' ? {} : { answer: shortened(answer.body) as Json }),
  };
}

/** Without what narrows a listing down to one thing's, where it need not: a made-up id would empty it for whoever tries it. */
function queryOf({ parameters }: Operation, { query = {} }: Call): Record<string, string | number> {
  const needed = new Set(parameters.filter(({ required }) => required).map(({ name }) => name));
  const kept = Object.entries(query).filter(
    ([name, value]) => needed.has(name) || !/^[a-z]+_[0-9a-z]{26}$/.test(value),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, name === 'limit' ? Number(value) : value]));
}

/** Two of a list say what it is. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member)]));
}

/** The day that all of it happens on. */
const day = Date.parse('2026-11-02T09:30:00.000Z');
const dayMs = 86_400_000;

/** Every id, instant, key and digest, alike wherever the same stands. */
function madeUp(text: string): string {
  const moved = (atMs: number): number => day + Math.round((atMs - Date.now()) / dayMs) * dayMs;
  return text
    .replace(/\b([a-z]{3,4})_[0-9a-hjkmnp-tv-z]{26}\b/g, (id, prefix: string) => `${prefix}_${digits(id, 26)}`)
    .replace(/"\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z"/g, (quoted) =>
      JSON.stringify(new Date(moved(Date.parse(JSON.parse(quoted)))).toISOString()),
    )
    .replace(/"(\w+_ms)":(\d{13})\b/g, (_, name: string, at: string) => `"${name}":${moved(Number(at))}`)
    .replace(/"took_ms":\d+/g, '"took_ms":4')
    .replace(/"api_key":"atlas_[^"]+"/g, '"api_key":"atlas_…"')
    .replace(/"shown":"[^"]+"/g, '"shown":"atlas_3k9x"')
    .replace(/"secret":"whsec_[^"]+"/g, '"secret":"whsec_…"')
    .replace(/"next_cursor":"[^"]+"/g, '"next_cursor":"b3BhcXVl"')
    .replace(/"[0-9a-f]{64}"/g, (seal) => JSON.stringify(createHash('sha256').update(seal).digest('hex')));
}

const numbers = new Map<string, number>();

/** Of the id's own place among all: what is random in it goes. */
function digits(id: string, length: number): string {
  if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
  const hash = createHash('sha256')
    .update(`example ${numbers.get(id)}`)
    .digest();
  return [...hash]
    .slice(0, length)
    .map((byte) => '0123456789abcdefghjkmnpqrstvwxyz'[byte % 32])
    .join('');
}
