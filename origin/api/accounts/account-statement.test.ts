// The balance of any past moment is the sum of what was booked until then, found from either end; the statement has every line once.

import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { seededRandom } from '../../../scripts/seeded-random.ts';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import type { Json } from '../../testing/sample-api.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
let url: string;
beforeAll(async () => {
  url = await createTestDatabase();
  world = await SampleWorld.start(url);
  world.api.onAnswer = await answersHeldTo(world.api);
  return () => world.api.close();
});

const get = async (path: string) => (await world.api.call('GET', path)).body;
const open = async (over: Json) => {
  const { body } = await world.api.call('POST', '/accounts', { name: 'A', currency: 'USD', ...over });
  return String(body['account_id']);
};

interface Booked {
  readonly account_id: string;
  readonly kind: 'pending' | 'post' | 'void' | 'direct';
  readonly comes: boolean;
  readonly amount: number;
  readonly atMs: number;
}

/** Stamps that differ by less than a transaction may take stand in any order, as those of transactions side by side do. */
function history(accounts: readonly string[], seed: number, count: number): Booked[] {
  const random = seededRandom(seed);
  const beganMs = Date.now() - 86_400_000;
  const held: { account_id: string; amount: number }[] = [];
  return Array.from({ length: count }, (_, n): Booked => {
    const atMs = beganMs + n * 15_000 + Math.floor(random() * 50_000);
    const account_id = accounts[Math.floor(random() * accounts.length)] ?? '';
    const amount = 1 + Math.floor(random() * 1_000);
    const what = random();
    const ended = what < 0.5 ? held.splice(Math.floor(random() * held.length), 1)[0] : undefined;
    if (ended !== undefined) return { ...ended, kind: what < 0.3 ? 'post' : 'void', comes: false, atMs };
    if (what > 0.75) return { account_id, kind: 'direct', comes: random() < 0.6, amount, atMs };
    held.push({ account_id, amount });
    return { account_id, kind: 'pending', comes: false, amount, atMs };
  });
}

async function book(booked: readonly Booked[]): Promise<void> {
  await world.api.call('POST', `/accounts/${await open({})}/fundings`, { amount_minor: 1 });
  await asOwner(url, (sql) =>
    sql.query(
      `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms, booked_at)
       select b.id, case when b.comes then f.ledger_account_no else l.ledger_account_no end,
         case when b.comes then l.ledger_account_no else f.ledger_account_no end, b.amount, 'USD', b.kind, b.at_ms, to_timestamp(b.at_ms / 1000.0)
       from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[]) with ordinality
         as b (id, account_id, kind, comes, amount, at_ms, place)
       join ledger_accounts l on l.account_id = b.account_id
       join ledger_accounts f on f.kind = 'funding_source' and f.currency = 'USD' order by b.place`,
      [
        ...[booked.map(() => newId('trf')), booked.map(({ account_id }) => account_id), booked.map(({ kind }) => kind)],
        ...[booked.map(({ comes }) => comes), booked.map(({ amount }) => amount), booked.map(({ atMs }) => atMs)],
      ],
    ),
  );
}

function sumOf(booked: readonly Booked[], atMs: number) {
  let [balance_minor, held_minor] = [0, 0];
  for (const { kind, comes, amount } of booked.filter((one) => one.atMs <= atMs)) {
    if (kind === 'post' || kind === 'direct') balance_minor += comes ? amount : -amount;
    if (kind !== 'direct') held_minor += kind === 'pending' ? amount : -amount;
  }
  return { balance_minor, held_minor };
}

test('at any moment an account, with all below it, had what was booked until then', async () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`balances: SEED=${seed}\n`);
  const random = seededRandom(seed);
  const top = await open({ company_id: await world.company() });
  const one = await open({ parent_account_id: top });
  const two = await open({ parent_account_id: one });
  const booked = history([top, one, two], seed, 400);
  await book(booked);
  const [firstMs, lastMs] = [booked[0]?.atMs ?? 0, booked.at(-1)?.atMs ?? 0];
  const instants = [firstMs - 1, firstMs, lastMs, Date.now()].concat(
    Array.from({ length: 40 }, () => Math.floor(firstMs + random() * (lastMs - firstMs))),
    // Right at a stamp, and a millisecond before it.
    booked.slice(0, 400).flatMap(({ atMs }, n) => (n % 25 === 0 ? [atMs, atMs - 1] : [])),
  );
  for (const atMs of instants) {
    const at = new Date(atMs).toISOString();
    for (const [account_id, of] of [
      [top, booked],
      [one, booked.filter((line) => line.account_id !== top)],
      [two, booked.filter((line) => line.account_id === two)],
    ] as const) {
      const { balance_minor, held_minor } = await get(`/accounts/${account_id}/balance?at=${at}`);
      expect({ at, balance_minor, held_minor }).toEqual({ at, ...sumOf(of, atMs) });
    }
  }
});

test('of now it is what the account shows, and of the future there is none', async () => {
  const account_id = await open({});
  await world.api.call('POST', `/accounts/${account_id}/fundings`, { amount_minor: 700 });
  const { sample } = await world.api.newCard({}, account_id);
  sample.authorize(100);
  await world.api.deliver(sample.message());
  const now = await get(`/accounts/${account_id}/balance?at=${new Date().toISOString()}`);
  expect(now).toMatchObject({ balance_minor: 700, held_minor: 100, currency: 'USD' });
  const later = await world.api.call('GET', `/accounts/${account_id}/balance?at=2999-01-01T00:00:00Z`);
  expect(later).toMatchObject({ status: 422, body: { details: [{ field: 'at' }] } });
});

test('the statement has each transfer of the account once, the newest first, money that comes above nothing', async () => {
  const account_id = await open({});
  for (const amount_minor of [500, 600])
    await world.api.call('POST', `/accounts/${account_id}/fundings`, { amount_minor });
  await world.api.call(...(['POST', `/accounts/${account_id}/withdrawals`, { amount_minor: 50 }] as const), {
    'idempotency-key': newId('req'),
  });
  const { sample } = await world.api.newCard({}, account_id);
  sample.clear(sample.authorize(100), 100);
  await world.api.deliver(sample.message());
  const lines: Json[] = [];
  for (let at = `/accounts/${account_id}/statement?limit=2`; ; ) {
    const page = await get(at);
    lines.push(...(page['lines'] as Json[]));
    if (page['next_cursor'] === null) break;
    at = `/accounts/${account_id}/statement?limit=2&cursor=${page['next_cursor']}`;
  }
  expect(lines.map(({ kind, amount_minor, counterparty }) => [kind, amount_minor, counterparty])).toEqual([
    ['post', -100, 'network_clearing'],
    ['pending', -100, 'network_clearing'],
    ['direct', -50, 'funding_source'],
    ['direct', 600, 'funding_source'],
    ['direct', 500, 'funding_source'],
  ]);
  expect((await world.api.call('GET', `/accounts/acct_${'0'.repeat(26)}/statement`)).status).toBe(404);
});
