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
  silent,
  standingOf,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import type { Checkpoint } from '../audit/checkpoint.ts';
import { noteIfSetBack, raiseSetBackDatabase } from '../audit/database-set-back.ts';
import { proofBegins } from '../audit/last-proofs.ts';
import { type Database, openDatabase } from '../db/client.ts';
import type { ActionParts, CallOutcome } from '../open-items/action.ts';
import { resumePayouts } from '../open-items/actions/resume-payouts.ts';
import type { OpenItem } from '../open-items/open-item.ts';
import type { Provider } from '../providers/provider.ts';
import { scripted } from '../testing/scripted-provider.ts';
import { createFindPayments } from './lost-payments.ts';

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

async function setBackItem(evidence: object = {}): Promise<OpenItem> {
  await raiseSetBackDatabase(database.sql, { key: 'said', said: 'restored to 11:00', evidence });
  const { rows } = await database.sql.query<OpenItem>(`select * from open_items where kind = 'database_set_back'`);
  const [item] = rows;
  if (item === undefined) throw new Error('no item was raised');
  return item;
}

async function cardsAreCompared(): Promise<void> {
  const at = await proofBegins(database.sql);
  await asOwner(url, (sql) => sql.query(`update last_proofs set proved_at = $1 where kind = 'cards'`, [at]));
}

function resume(item: OpenItem, providers: readonly Provider[], input = {}): Promise<CallOutcome> {
  if (resumePayouts.effect !== 'outside') throw new Error('it reads lists outside');
  const findPayments = createFindPayments({ database, providers, log: silent });
  return resumePayouts.call({ database, findPayments } as ActionParts, item, input as never);
}

test('what a person has said already is not found a second time', async () => {
  await raiseSetBackDatabase(database.sql, { key: 'said', said: 'restored to 11:00', evidence: {} });
  expect(await noteIfSetBack(database.sql, later)).toBe(true);
  expect(await items()).toHaveLength(1);
});

test('payouts are resumed only once every card was compared with its books since', async () => {
  const item = await setBackItem();
  expect(await resume(item, [])).toMatchObject({ outcome: 'refused', problem: expect.stringContaining('the sweep') });
  await cardsAreCompared();
  expect(await resume(item, [])).toMatchObject({ outcome: 'done' });
});

test('a list that cannot be read keeps payouts from being resumed, until a person says that they have compared it', async () => {
  const item = await setBackItem();
  await cardsAreCompared();
  const silentOne = { ...scripted(), listSince: () => Promise.reject(new Error('its list answered 503')) };
  expect(await resume(item, [silentOne])).toEqual({
    outcome: 'not_now',
    problem: 'must wait: the list of simulated could not be read (its list answered 503)',
  });
  expect(await resume(item, [silentOne], { payments_compared: true })).toMatchObject({ outcome: 'done' });
});
