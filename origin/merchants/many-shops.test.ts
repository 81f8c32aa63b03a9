// Whoever has a network's credential invents shops: however many, a person has a bounded number of items, every cent is in one of them, and a shop
// that turns out to be a merchant's is owed as ever.

import { expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { doer } from '../../scripts/test-settlements.ts';
import { SampleShops, shop } from '../../scripts/test-shops.ts';
import { addNetworkMerchantIds } from './merchants.ts';

test('180 shops that nobody has are 100 items and one more, with every cent; it follows what becomes of its shops', async () => {
  const shops = new SampleShops(await createTestDatabase());
  const { sql } = shops.database;
  const merchant = await shops.merchantAt('one');
  let sum = 0;
  for (let n = 0; n < 180; n += 20) {
    const card = await shops.card();
    for (let m = n; m < n + 20; m += 1) {
      shops.buy(card, 1 + (m % 3), shop(`invented-${m}`));
      sum += 1 + (m % 3);
    }
    await shops.book(card);
  }
  await shops.accrueAll();
  const look = async () => {
    await sql.query(`update open_items set last_seen_at = now() - interval '2 minutes'`);
    await shops.accrueAll();
    const { rows } = await sql.query<{ item_key: string; minor: string; shops: string | null }>(
      `select item_key, amount_minor as minor, evidence -> 'sums' -> 0 ->> 'shops' as shops from open_items where status = 'open' order by item_key`,
    );
    const many = rows.filter(({ item_key }) => item_key.includes(' at many shops '));
    return { rows, many, sum: rows.reduce((all, { minor }) => all + Number(minor), 0) };
  };

  const first = await look();
  expect([first.rows.length, first.many, first.sum]).toEqual([101, [expect.objectContaining({ shops: '80' })], sum]);

  // One of them is a merchant's after all.
  const { rows: waiting } = await sql.query<{ id: string; minor: string }>(
    'select network_merchant_id as id, net_minor as minor from unassigned_clearings where raised_minor is null order by 1 limit 1',
  );
  const [taken] = waiting;
  const ids = { merchant_id: merchant, network_merchant_ids: [taken?.id ?? ''] };
  await shops.database.transaction((within) => addNetworkMerchantIds(within, ids, doer));
  await shops.accrueAll();
  expect(await shops.owed(merchant)).toBe(Number(taken?.minor));
  const second = await look();
  expect([second.many, second.sum]).toEqual([[expect.objectContaining({ shops: '79' })], sum - Number(taken?.minor)]);

  // A person sees to ten alone: nine others come out of the many, which is an item itself. The many dismissed, none comes any more.
  const close = (where: string) =>
    sql.query(`update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss' where ${where}`);
  await close(
    `open_item_no in (select open_item_no from open_items where status = 'open' and item_key not like '%many%' limit 10)`,
  );
  const third = await look();
  expect([third.rows.length, third.many[0]?.shops]).toEqual([100, '70']);
  await close(`item_key like '%many%'`);
  await close(`open_item_no in (select open_item_no from open_items where status = 'open' limit 10)`);
  expect((await look()).rows).toHaveLength(89);

  // That was said of the shops that it spoke of: those that come later on the same day are to be seen, and alone those.
  const more = await shops.card();
  for (let n = 0; n < 20; n += 1) shops.buy(more, 5, shop(`later-${n}`));
  await shops.book(more);
  const fourth = await look();
  expect([fourth.rows.length, fourth.many]).toEqual([101, [expect.objectContaining({ shops: '9', minor: '45' })]]);
  await close(`item_key like '%many%'`);
  expect((await look()).many).toEqual([]);
  await shops.database.close();
});
