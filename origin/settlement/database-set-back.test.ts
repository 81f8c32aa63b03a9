// A database that was set back owes again what was paid since. It is told by the checkpoints off the host, or by a person; until a person
// says that what was paid is known, nothing is sent, and what may have been paid is asked about.

import { beforeEach, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import {
  ask,
  guard,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  standingOf,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import type { Checkpoint } from '../audit/checkpoint.ts';
import { noteIfSetBack, raiseSetBackDatabase } from '../audit/database-set-back.ts';
import { proofBegins } from '../audit/last-proofs.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { resumePayouts } from '../open-items/actions/resume-payouts.ts';
import type { OpenItem } from '../open-items/open-item.ts';

let url: string;
let database: Database;
let parts: AsyncDisposableStack;

beforeEach(async () => {
  parts = new AsyncDisposableStack();
  url = await createTestDatabase();
  const opened = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  database = opened;
  parts.defer(() => opened.close());
  return () => parts.disposeAsync();
});

async function items(): Promise<{ open_item_id: string; line: string }[]> {
  const { rows } = await database.sql.query<{ open_item_id: string; line: string }>(
    `select open_item_id, concat_ws(' ', kind, status) as line from open_items where kind = 'database_set_back'`,
  );
  return rows;
}

const close = () =>
  database.sql.query(`update open_items set status = 'resolved', closed_at = now(), resolution = 'resume_payouts'`);

/** Of a database that had more than this one. */
const link = { no: 1_000, hash: '01'.repeat(32) };
const later = {
  ...{ version: 1, checkpoint_no: 7, made_at: '2026-11-27T12:00:00.000Z' },
  ...{ audit: link, ledger: link, previous: null },
} satisfies Checkpoint;

test('while it is set back nothing is sent; what may have been paid is asked about; then everything goes on', async () => {
  const { client, server } = await sampleProvider(parts, () => database, { confirmation_lost_rate: 1 });
  const merchant = await sampleMerchant(database, 1_000n);
  const sent = await ask(database, merchant, 300);
  const engine = sampleEngine({ database, providers: [guard(client())] });
  engine.start();
  await until(
    () => server.books.totals().payments + server.books.totals().pending,
    (payments) => payments === 1,
  );
  await raiseSetBackDatabase(database.sql, { key: 'said', said: 'restored to 11:00', evidence: {} });
  const held = await ask(database, merchant, 200);
  // It is asked about, and its end is recorded; the other one is not touched.
  expect(await untilOver(database, [sent])).toMatchObject([{ state: 'completed' }]);
  expect(await standingOf(database, [held])).toMatchObject([{ state: 'queued', submissions: 0 }]);
  expect([...server.books.entries()]).toHaveLength(1);
  await close();
  expect(await untilOver(database, [held])).toMatchObject([{ state: 'completed', submissions: 1 }]);
  await engine.stop();
});

test('a checkpoint that names an audit event which is not here says so, once: what a person has closed is not raised again by it', async () => {
  expect(await noteIfSetBack(database.sql, { ...later, audit: { ...later.audit, no: 0 } })).toBe(false);
  expect(await noteIfSetBack(database.sql, later)).toBe(true);
  expect((await items()).map(({ line }) => line)).toEqual(['database_set_back open']);
  await close();
  expect(await noteIfSetBack(database.sql, later)).toBe(true);
  expect((await items()).map(({ line }) => line)).toEqual(['database_set_back resolved']);
});

test('payouts are resumed only once every card was compared with its books since', async () => {
  await raiseSetBackDatabase(database.sql, { key: 'said', said: 'restored to 11:00', evidence: {} });
  const [{ open_item_id = '' } = {}] = await items();
  const item = { open_item_id } as OpenItem;
  const doer = { actor: 'akey_test', correlation_id: 'req_test', reason: 'compared with the dashboard' };
  const resume = () => database.transaction((sql) => resumePayoutsOf(sql, item, doer));
  expect(await resume()).toMatchObject({ outcome: 'refused', problem: expect.stringContaining('the sweep') });
  const at = await proofBegins(database.sql);
  await asOwner(url, (sql) => sql.query(`update last_proofs set proved_at = $1 where kind = 'cards'`, [at]));
  expect(await resume()).toMatchObject({ outcome: 'done' });
});

function resumePayoutsOf(
  ...[sql, item, doer]: [Database['sql'], OpenItem, { actor: string; correlation_id: string; reason: string }]
) {
  if (resumePayouts.effect !== 'transaction') throw new Error('it should be one transaction');
  return resumePayouts.perform({ sql }, item, { payments_compared: true } as never, doer);
}
