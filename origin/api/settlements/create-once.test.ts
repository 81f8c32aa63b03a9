// After a restore a partner repeats what it had asked for in the lost time: it meets the settlement that was found at its provider.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { doer, sampleMerchant, silent } from '../../../scripts/test-settlements.ts';
import { createFindPayments } from '../../payouts/lost-payments.ts';
import type { ListedPayment } from '../../providers/provider.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import { scripted } from '../../testing/scripted-provider.ts';
import { digest } from '../idempotency/idempotency.ts';
import { idOfKey } from './create-once.ts';

let url: string;
let api: SampleApi;
beforeAll(async () => {
  url = await createTestDatabase();
  api = await SampleApi.start(url);
});
afterAll(() => api.close());

const post = (merchant_id: string, key: string, amount_minor = 300) =>
  api.call('POST', '/settlements', { merchant_id, amount_minor, currency: 'USD' }, { 'idempotency-key': key });

/** As its provider lists what was asked for under this key in the lost time. */
async function found(merchant_id: string, key: string): Promise<string> {
  const { rows } = await api.database.sql.query<{ actor: string }>(
    `select actor from audit_events where action = 'settlement.created' limit 1`,
  );
  const settlement_id = idOfKey(digest(rows[0]?.actor ?? '', 'createSettlement', key));
  const payment: ListedPayment = {
    ...{ settlement_id, merchant_id, submission: 1, provider_reference: `p-${key}`, reference: null },
    ...{ amount_minor: '300', currency: 'USD', state: 'paid' },
  };
  const provider = { ...scripted(), listSince: () => Promise.resolve({ payments: [payment], words: [] }) };
  const find = createFindPayments({ database: api.database, providers: [provider], log: silent });
  expect(await find(new Date(0), doer)).toMatchObject({ made: 1 });
  return settlement_id;
}

test('with another amount its key is used already; another key is another settlement', async () => {
  const merchant_id = await sampleMerchant(api.database, 600n);
  const key = newId('req');
  expect((await post(merchant_id, newId('req'))).status).toBe(201);
  const settlement_id = await found(merchant_id, key);
  expect(await post(merchant_id, key, 200)).toMatchObject({
    status: 422,
    body: { error_code: 'idempotency_key_reused' },
  });
  expect(await found(await sampleMerchant(api.database, 300n), newId('req'))).not.toBe(settlement_id);
});

test('the answer of a repeat is the settlement as it stands, though nothing is owed any more', async () => {
  const merchant_id = await sampleMerchant(api.database, 300n);
  const key = newId('req');
  const settlement_id = await found(merchant_id, key);
  expect(await post(merchant_id, key)).toMatchObject({ status: 201, body: { settlement_id, state: 'processing' } });
  expect(await post(merchant_id, key)).toMatchObject({ status: 201, body: { settlement_id } });
});

test('a key that was forgotten in its time asks for another settlement', async () => {
  const merchant_id = await sampleMerchant(api.database, 900n);
  const key = newId('req');
  const first = await post(merchant_id, key);
  await asOwner(url, (sql) => sql.query('delete from idempotency_keys'));
  const second = await post(merchant_id, key);
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body['settlement_id']).not.toBe(first.body['settlement_id']);
});
