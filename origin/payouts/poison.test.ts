// One settlement that the database refuses to store, for whatever reason, among many: nobody foresaw why, so the test invents one.

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  askMany,
  guard,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  standingOf,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createSettlementMetrics } from './settlement-metrics.ts';

/** The database refuses to bring one settlement into a state. */
async function refuse(url: string, settlementId: string, state: string): Promise<void> {
  await asOwner(url, async (sql) => {
    await sql.query(`create function refuse_one() returns trigger language plpgsql as $$
      begin
        if new.settlement_id = '${settlementId}' and new.state = '${state}' then raise exception 'not this one'; end if;
        return new;
      end $$`);
    await sql.query(
      'create trigger refuse_one before update on settlements for each row execute function refuse_one()',
    );
  });
}

async function mend(url: string, settlementId: string): Promise<void> {
  await asOwner(url, async (sql) => {
    await sql.query('drop trigger refuse_one on settlements');
    await sql.query('update settlements set due_at = now() where settlement_id = $1', [settlementId]);
  });
}

async function sample(parts: AsyncDisposableStack) {
  const url = await createTestDatabase();
  const database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  parts.defer(() => database.close());
  const { client } = await sampleProvider(parts, () => database);
  const ids = await askMany(database, await sampleMerchant(database, 1_000n), 40);
  const registry = new Registry();
  const engine = sampleEngine({ database, providers: [guard(client())], metrics: createSettlementMetrics(registry) });
  parts.defer(() => engine.stop());
  return { url, database, ids, registry, engine };
}

/** In front of a person, within a moment of being set aside. */
async function itemOf(database: Database, kind: string) {
  return await until(
    async () =>
      (await database.sql.query('select item_key, settlement_id from open_items where kind = $1', [kind])).rows,
    ({ length }) => length === 1,
  );
}

/** Closed by itself, with nothing left for a person. */
async function untilGone(database: Database, kind: string): Promise<void> {
  const rows = await until(
    async () =>
      (
        await database.sql.query<{ status: string }>('select status, resolution from open_items where kind = $1', [
          kind,
        ])
      ).rows,
    ([item]) => item?.status !== 'open',
  );
  expect(rows).toEqual([{ status: 'resolved', resolution: 'gone' }]);
}

test.each([
  ['the first of them', 0],
  ['one in the middle', 17],
  ['the last of them', 39],
])('%s that cannot be taken up keeps the others waiting for no more than a moment', async (_, place) => {
  await using parts = new AsyncDisposableStack();
  const { url, database, ids, registry, engine } = await sample(parts);
  const poison = ids[place] ?? '';
  await refuse(url, poison, 'processing');
  const startMs = performance.now();
  engine.start();
  const others = ids.filter((id) => id !== poison);
  const states = new Set((await untilOver(database, others)).map(({ state }) => state));
  expect([...states]).toEqual(['completed']);
  expect(performance.now() - startMs).toBeLessThan(3_000);
  expect(await standingOf(database, [poison])).toMatchObject([{ state: 'queued', submissions: 0 }]);
  await until(
    () => registry.metrics(),
    (text) => text.includes('settlement_postponed_total{what="settlement"} 1'),
  );
  expect(await itemOf(database, 'settlement_refused')).toEqual([{ item_key: poison, settlement_id: poison }]);
  await mend(url, poison);
  expect(await untilOver(database, [poison])).toMatchObject([{ state: 'completed', submissions: 1 }]);
  await untilGone(database, 'settlement_refused');
});

test("one whose provider's word cannot be stored keeps no other word waiting, and is asked about", async () => {
  await using parts = new AsyncDisposableStack();
  const { url, database, ids, registry, engine } = await sample(parts);
  const poison = ids[20] ?? '';
  await refuse(url, poison, 'completed');
  engine.start();
  const others = ids.filter((id) => id !== poison);
  const states = new Set((await untilOver(database, others)).map(({ state }) => state));
  expect([...states]).toEqual(['completed']);
  await until(
    () => registry.metrics(),
    (text) => text.includes('settlement_postponed_total{what="word"} 1'),
  );
  expect(await itemOf(database, 'provider_word_refused')).toMatchObject([
    { item_key: expect.stringMatching(/^simulated /), settlement_id: poison },
  ]);
  expect(await standingOf(database, [poison])).toMatchObject([{ state: 'processing', submissions: 1 }]);
  await mend(url, poison);
  expect(await untilOver(database, [poison])).toMatchObject([{ state: 'completed', submissions: 1 }]);
  // The engine leaves the word alone for a minute; another one, or the next start, takes it at once.
  await engine.stop();
  const { client } = await sampleProvider(parts, () => database);
  const next = sampleEngine({ database, providers: [guard(client())] });
  parts.defer(() => next.stop());
  next.start();
  await untilGone(database, 'provider_word_refused');
});
