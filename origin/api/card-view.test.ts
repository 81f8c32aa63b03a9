// A page of cards is read in several queries, and is one page all the same.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleWorld } from './sample-world.ts';

let world: SampleWorld;
beforeAll(async () => {
  world = await SampleWorld.start(await createTestDatabase());
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
