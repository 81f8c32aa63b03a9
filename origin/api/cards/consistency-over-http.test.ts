// What is read over HTTP is what was written: several clients at once write and read on connections of their own. Each sees its writes
// at once and whole, whatever texts they hold, and a list walked page by page while rows are inserted has each row once.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { type Json, SampleApi } from '../../testing/sample-api.ts';
import { SampleCard } from '../../testing/sample-card.ts';

let api: SampleApi;
let url: string;

beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  url = await api.listen();
  return () => api.close();
});

async function call(method: string, path: string, body?: unknown): Promise<Json> {
  const headers = { authorization: `Bearer ${api.apiKey}`, 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path}`, { method, headers, ...sent });
  const read = (await answer.json()) as Json;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(read)}`);
  return read;
}

/** All of a list, a few at a time; none twice, and everything of `before`. */
async function walk(path: string, list: string, id: string, before: readonly unknown[]): Promise<void> {
  const seen: unknown[] = [];
  for (let cursor: unknown = ''; cursor !== null; ) {
    const page = await call('GET', `${path}limit=3${cursor === '' ? '' : `&cursor=${String(cursor)}`}`);
    seen.push(...(page[list] as Json[]).map((row) => row[id]));
    cursor = page['next_cursor'];
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(expect.arrayContaining([...before]));
}

/** Everybody's, so that each walk knows what must be in it. */
const made = { merchants: [] as unknown[], cards: [] as unknown[] };
let names = 0;

/** One client: its own account and card, and what they must show. */
class Client {
  account: Json = {};
  card: Json = {};
  sample = new SampleCard('none');
  funded = 0;

  async begin(): Promise<void> {
    names += 1;
    const card_token = `http-${names}`;
    this.account = await call('POST', '/accounts', { name: card_token, currency: 'USD' });
    const { account_id } = this.account;
    this.card = await call('POST', '/cards', { account_id, network: 'native', card_token });
    made.cards.push(this.card['card_id']);
    this.sample = new SampleCard(card_token, this.card['profile'] as object);
  }

  async merchant(name: string): Promise<void> {
    const written = await call('POST', '/merchants', { name, currency: 'EUR' });
    made.merchants.push(written['merchant_id']);
    expect(await call('GET', `/merchants/${String(written['merchant_id'])}`)).toEqual(written);
  }

  async fund(amount: number): Promise<void> {
    const path = `/accounts/${String(this.account['account_id'])}`;
    const { account } = await call('POST', `${path}/fundings`, { amount_minor: amount });
    this.funded += amount;
    expect(await call('GET', path)).toEqual(account);
    await this.balances();
  }

  async change(status: string): Promise<void> {
    const path = `/cards/${String(this.card['card_id'])}`;
    const written = await call('PATCH', path, { status });
    expect((written['profile'] as Json)['status']).toBe(status);
    const read = await call('GET', path);
    expect(read['profile']).toEqual(written['profile']);
  }

  /** A purchase at a shop of any name, cleared in part: answered for, it is in every view of it. */
  async buy(amount: number, name: string): Promise<void> {
    const shop = { id: null, name: name === '' ? null : name, category: null, country: null };
    this.sample.clear(this.sample.authorize(amount, { merchant: shop }), Math.ceil(amount / 2), false);
    expect((await api.deliver(this.sample.message())).status).toBe(200);
    await this.balances();
    const card_id = String(this.card['card_id']);
    const { authorizations } = await call('GET', `/authorizations?card_id=${card_id}&limit=100`);
    const rows = authorizations as Json[];
    const sum = (field: string) => rows.reduce((total, row) => total + Number(row[field]), 0);
    expect([sum('held_minor'), sum('posted_minor')]).toEqual([
      this.sample.state.held_minor,
      this.sample.state.posted_minor,
    ]);
    const newest = String(rows[0]?.['authorization_id']);
    for (const view of ['timeline', 'explanation']) await call('GET', `/authorizations/${newest}/${view}`);
    await walk(
      `/authorizations?card_id=${card_id}&`,
      'authorizations',
      'authorization_id',
      rows.map((row) => row['authorization_id']),
    );
  }

  async balances(): Promise<void> {
    const { held_minor, posted_minor } = this.sample.state;
    const read = await call('GET', `/accounts/${String(this.account['account_id'])}`);
    expect([read['balance_minor'], read['held_minor']]).toEqual([this.funded - posted_minor, held_minor]);
  }
}

const shopName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  // Cut in the middle of anything, as an older edge did.
  fc.string({ unit: 'binary', maxLength: 120 }).map((text) => text.slice(0, text.length - 1)),
  fc.constantFrom('A\ud83dB', 'A\u0000B', '\u202e', 'İß'),
);
const step = fc.oneof(
  fc.record({ what: fc.constant('merchant' as const) }),
  fc.record({ what: fc.constant('fund' as const), amount: fc.integer({ min: 1, max: 10_000 }) }),
  fc.record({ what: fc.constant('change' as const), status: fc.constantFrom('frozen', 'active') }),
  fc.record({ what: fc.constant('buy' as const), amount: fc.integer({ min: 1, max: 500 }), name: shopName }),
  fc.record({ what: fc.constant('walk' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(client: Client, drawn: Step): Promise<void> {
  switch (drawn.what) {
    case 'merchant':
      return await client.merchant(`shop ${names}`);
    case 'fund':
      return await client.fund(drawn.amount);
    case 'change':
      return await client.change(drawn.status);
    case 'buy':
      return await client.buy(drawn.amount, drawn.name);
    case 'walk':
      await walk('/merchants?', 'merchants', 'merchant_id', [...made.merchants]);
      return await walk('/cards?', 'cards', 'card_id', [...made.cards]);
  }
}

test('query consistency over HTTP: each client reads what it wrote, and a list has each row once while others insert', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { minLength: 2, maxLength: 4 }), async (clients) => {
      await Promise.all(
        clients.map(async (steps) => {
          const client = new Client();
          await client.begin();
          for (const drawn of steps) await take(client, drawn);
        }),
      );
    }),
    { numRuns: 12 },
  );
}, 120_000);
