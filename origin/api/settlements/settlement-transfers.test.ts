import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { guard, sampleEngine, sampleProvider, untilOver } from '../../../scripts/test-settlements.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

const world = await SampleWorld.start(await createTestDatabase());
const { database } = world.api;

async function transfersOf(settlementId: string, key = world.own.key) {
  const { status, body } = await world.api.call('GET', `/settlements/${settlementId}/transfers`, undefined, {
    authorization: `Bearer ${key}`,
  });
  return { status, transfers: body['transfers'] as Record<string, unknown>[] | undefined };
}

/** Paid, each in its turn, by a provider that answers as told. */
async function settled(faults: Parameters<typeof sampleProvider>[2], ids: readonly string[]) {
  await using parts = new AsyncDisposableStack();
  const { client } = await sampleProvider(parts, () => database, faults);
  const engine = sampleEngine({ database, providers: [guard(client())] });
  parts.defer(() => engine.stop());
  engine.start();
  return (await untilOver(database, ids)).map(({ state }) => state);
}

test('a merchant sees what the ledger reserved and paid for its settlement, and on which account of its own', async () => {
  const id = await world.settlement();
  expect(await transfersOf(id)).toEqual({ status: 200, transfers: [] });
  expect(await settled({}, [id])).toEqual(['completed']);
  const { body: merchant } = await world.api.call('GET', `/merchants/${world.own.merchant_id}`);
  const payable = { ledger_account_id: merchant['ledger_account_id'], kind: 'merchant_payable' };
  const transit = { ledger_account_id: null, kind: 'provider_transit' };
  const sides = { debit: payable, credit: transit, amount_minor: 100, currency: 'USD' };
  const { transfers } = await transfersOf(id);
  expect(transfers).toEqual([
    { transfer_id: expect.stringMatching(/^trf_/), kind: 'pending', ...sides, booked_at: expect.any(String) },
    { transfer_id: expect.stringMatching(/^trf_/), kind: 'post', ...sides, booked_at: expect.any(String) },
  ]);
  const { body } = await world.api.call('GET', `/ledger/accounts/${merchant['ledger_account_id']}/transfers`);
  const ofAccount = (body['transfers'] as { transfer_id: string }[]).map(({ transfer_id }) => transfer_id);
  expect(ofAccount).toEqual(expect.arrayContaining((transfers ?? []).map(({ transfer_id }) => transfer_id)));
});

test('what was rejected is given back, and seen so', async () => {
  const id = await world.settlement();
  expect(await settled({ rejected_rate: 1 }, [id])).toEqual(['failed']);
  expect((await transfersOf(id)).transfers?.map(({ kind }) => kind)).toEqual(['pending', 'void']);
});

test("another merchant's are not there", async () => {
  expect((await transfersOf(await world.settlement(), world.other.key)).status).toBe(404);
});
