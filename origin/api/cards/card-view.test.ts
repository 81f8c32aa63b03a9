// A page of cards is read in several queries, and is one page all the same.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { networksByDefault as networks } from '../../../contracts/network.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import type { Sql } from '../../db/client.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { readCardViews } from './card-view.ts';

let world: SampleWorld;
let url: string;
beforeAll(async () => {
  url = await createTestDatabase();
  world = await SampleWorld.start(url);
});
afterAll(() => world.api.close());

interface Page {
  readonly cards: readonly { readonly card_id: string }[];
  readonly next_cursor: string | null;
}

const page = async (query: string) => (await world.api.call('GET', `/cards?${query}`)).body as unknown as Page;
const idsOf = ({ cards }: Page) => cards.map(({ card_id }) => card_id);

async function makeCards(count: number): Promise<{ account_id: string; ids: string[] }> {
  const account = await world.api.call('POST', '/accounts', { name: `${count} cards`, currency: 'USD' });
  const account_id = String(account.body['account_id']);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const card = { account_id, network: 'native', card_token: `page-${count}-${n}`, controls: [] };
    ids.push(String((await world.api.call('POST', '/cards', card)).body['card_id']));
  }
  return { account_id, ids: ids.toSorted() };
}

test('every card of an account is on a page once, in order, whatever the length of pages', async () => {
  const { account_id, ids } = await makeCards(60);
  await makeCards(30);
  for (const limit of [1, 24, 25, 26, 50, 59, 60, 100]) {
    const seen: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const got = await page(`account_id=${account_id}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(idsOf(got));
      cursor = got.next_cursor;
    }
    expect(seen.flat(), `${limit}`).toEqual(ids);
    expect(seen.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
  }
  const none = await world.api.call('POST', '/accounts', { name: 'no cards', currency: 'USD' });
  expect(await page(`account_id=${none.body['account_id']}`)).toEqual({ cards: [], next_cursor: null });
});

test('a card is found by its network’s token, with the network or without, and the token is in no answer', async () => {
  const { account_id } = await makeCards(3);
  const make = async (network: string, card_token: string) =>
    String((await world.api.call('POST', '/cards', { account_id, network, card_token })).body['card_id']);
  const one = await make('marqeta', 'tok-of-two');
  const other = await make('native', 'tok-of-two');
  const found = async (query: string) => idsOf(await page(query)).toSorted();
  expect(await found('card_token=tok-of-two')).toEqual([one, other].toSorted());
  expect(await found('card_token=tok-of-two&network=native')).toEqual([other]);
  expect(await found(`card_token=tok-of-two&network=marqeta&account_id=${account_id}`)).toEqual([one]);
  const elsewhere = await world.api.call('POST', '/accounts', { name: 'another', currency: 'USD' });
  expect(await found(`card_token=tok-of-two&account_id=${elsewhere.body['account_id']}`)).toEqual([]);
  expect(await found('card_token=tok-of-tw')).toEqual([]);
  const first = await page('card_token=tok-of-two&limit=1');
  expect([...idsOf(first), ...idsOf(await page(`card_token=tok-of-two&limit=1&cursor=${first.next_cursor}`))]).toEqual(
    [one, other].toSorted(),
  );
  expect(JSON.stringify(await page('card_token=tok-of-two'))).not.toContain('tok-of-two');
  const refused = (await world.api.call('GET', '/cards?network=native')).body;
  expect(refused).toMatchObject({ error_code: 'field_invalid', details: [{ field: 'network' }] });
  const number = (await world.api.call('GET', '/cards?card_token=4111111111111111')).body;
  expect(number).toMatchObject({ error_code: 'card_data_refused', details: [{ field: 'card_token' }] });
});

test('a token is looked up in its index, however many cards there are', async () => {
  const { account_id } = await makeCards(1);
  const plan = await asOwner(url, async (sql) => {
    await sql.query(
      `insert into cards (card_id, account_id, network, card_token, profile, profile_version)
       select 'card_' || n, $1, 'native', 'of-many-' || n, '{}', 1 from generate_series(1, 5000) as n`,
      [account_id],
    );
    await sql.query('analyze cards');
    const tokens = { card_token: 'of-many-7', networks };
    const page = { account_id: undefined, tokens, after: undefined, limit: 3 };
    // The very statement, asked for its plan.
    const rows: object[] = [];
    const query = async (text: string, values: unknown[]) => {
      rows.push(...(await sql.query(`explain ${text}`, values)).rows);
      return { rows: [] };
    };
    await readCardViews({ query } as unknown as Sql, page);
    return JSON.stringify(rows);
  });
  expect(plan).toContain('cards_network_card_token_key');
  expect(plan).not.toContain('Seq Scan on cards');
});

test('cards that wait longest come first: for events before the ones that came, and for the edge to have their profile', async () => {
  const { ids } = await makeCards(4);
  const waiting = async (what: string) => idsOf(await page(`waiting=${what}&limit=3`)).filter((id) => ids.includes(id));
  expect(await waiting('events')).toEqual([]);
  await asOwner(url, async (sql) => {
    await sql.query('set session_replication_role = replica');
    for (const [at, id] of [ids[2], ids[0], ids[3]].entries()) {
      await sql.query(
        `with stream as (
           insert into card_streams (network, card_token, applied_sequence, seen_sequence)
             select network, card_token, 0, 2 from cards where card_id = $1 returning stream_id)
         insert into card_events (stream_id, sequence, kind, event_id, at_ms, body, received_at)
           select stream_id, 2, 'void', $2, 0, '{}', now() - $3 * interval '1 minute' from stream`,
        [id, `evt_${at}`, 10 - at],
      );
      await sql.query(
        `insert into edge_outbox (card_id, version, created_at) values ($1, 1, now() - $2 * interval '1 minute')
         on conflict (card_id) do update set created_at = excluded.created_at`,
        [id, 600 + at],
      );
    }
  });
  expect(await waiting('events')).toEqual([ids[2], ids[0], ids[3]]);
  expect(await waiting('profile')).toEqual([ids[3], ids[0], ids[2]]);
  const refused = (await world.api.call('GET', `/cards?waiting=events&network=native`)).body;
  expect(refused).toMatchObject({ error_code: 'field_invalid', details: [{ field: 'waiting' }] });
});
