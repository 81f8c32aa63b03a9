import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import type { Profile } from '../../contracts/profile.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { type StandInEdge, startStandInEdge } from '../testing/stand-in-edge.ts';
import { createEdgeClient } from './edge-client.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { claimDue } from './outbox-rows.ts';

let database: Database;
let edge: StandInEdge;
let outbox: Outbox;

beforeAll(async () => {
  edge = await startStandInEdge();
  return () => edge.close();
});
beforeEach(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
  outbox = createOutbox({ database, edge: createEdgeClient(edge), log: pino({ level: 'silent' }) });
  edge.away = false;
  return () => database.close();
});

/** A card whose newest profile is this version, and is due to be pushed. */
async function cardAt(version: number, card_token = `tok-${Math.random()}`): Promise<{ card_id: string; key: string }> {
  const account_id = newId('acct');
  const profile: Profile = {
    card_id: newId('card'),
    account_id,
    version,
    status: 'active',
    currency: 'USD',
    expires_at_ms: null,
    funds_minor: null,
    single_use: false,
    partial_approval: false,
    hold_days: null,
    controls: [],
  };
  await database.sql.query(`insert into accounts (account_id, name, currency) values ($1, 'test', 'USD')`, [
    account_id,
  ]);
  await database.sql.query(
    `insert into cards (card_id, account_id, network, card_token, profile, profile_version) values ($1, $2, 'native', $3, $4, $5)`,
    [profile.card_id, account_id, card_token, profile, version],
  );
  await database.sql.query('insert into edge_outbox (card_id, version) values ($1, $2)', [profile.card_id, version]);
  return { card_id: profile.card_id, key: `native:${card_token}` };
}

async function running(work: () => Promise<unknown>): Promise<void> {
  outbox.loop.start();
  await work().finally(() => outbox.loop.stop());
}

async function waiting() {
  const { rows } = await database.sql.query<{ card_id: string; attempts: number; last_error: string | null }>(
    'select card_id, attempts, last_error from edge_outbox',
  );
  return rows;
}

describe('the outbox', () => {
  test('a pushed profile is at the edge, and its row goes', async () => {
    const { card_id, key } = await cardAt(1, 'with/and?%2f');
    expect(await outbox.push(card_id)).toBe(true);
    expect(edge.profiles.get(key)).toMatchObject({ card_id, version: 1 });
    expect(await waiting()).toEqual([]);
  });

  test('W7: what the card says of a changed limit reaches whoever changed it', async () => {
    const { card_id, key } = await cardAt(1);
    const warnings = [{ control_id: 'ever', warning: 'forgotten_purchases_still_count' as const }];
    edge.warnings.set(key, warnings);
    expect(await outbox.pushForWarnings(card_id)).toEqual(warnings);
    expect(await outbox.pushForWarnings(card_id)).toBeNull();
  });

  test('an edge that is away gets it when it is back; until then the row says why', async () => {
    const { card_id, key } = await cardAt(1);
    edge.away = true;
    expect(await outbox.push(card_id)).toBe(false);
    expect(await waiting()).toEqual([
      { card_id, attempts: 1, last_error: 'the edge answered 503 away to PUT of a card' },
    ]);
    edge.away = false;
    outbox.loop.start();
    await until(waiting, (rows) => rows.length === 0).finally(() => outbox.loop.stop());
    expect(edge.profiles.get(key)?.version).toBe(1);
  });

  test('a version written while an older one is on its way is not taken for stored', async () => {
    const { card_id } = await cardAt(1);
    edge.meanwhile = async () => {
      await database.sql.query('update edge_outbox set version = 2 where card_id = $1', [card_id]);
      await database.sql.query('update cards set profile_version = 2 where card_id = $1', [card_id]);
    };
    await outbox.push(card_id);
    expect(await waiting()).toMatchObject([{ card_id }]);
  });

  test('a version that comes late, after the next one, changes nothing and leaves nothing waiting', async () => {
    const { card_id, key } = await cardAt(3);
    await outbox.push(card_id);
    await database.sql.query('insert into edge_outbox (card_id, version) values ($1, 2)', [card_id]);
    await database.sql.query(
      `update cards set profile = jsonb_set(profile::jsonb, '{version}', '2')::json where card_id = $1`,
      [card_id],
    );
    expect(await outbox.push(card_id)).toBe(true);
    expect(edge.profiles.get(key)?.version).toBe(3);
    expect(await waiting()).toEqual([]);
  });

  test('an edge with a version that was never written here keeps it, and a person is told', async () => {
    const { card_id, key } = await cardAt(3, 'restored');
    await outbox.push(card_id);
    const restored = await cardAt(2, 'restored-2');
    edge.profiles.set(restored.key, { ...(edge.profiles.get(key) as Profile) });
    expect(await outbox.push(restored.card_id)).toBe(false);
    expect(edge.profiles.get(restored.key)?.version).toBe(3);
    const error = 'the edge has version 3 of the profile, which was never written here';
    expect(await waiting()).toEqual([{ card_id: restored.card_id, attempts: 1, last_error: error }]);
  });

  test('many are pushed in few calls, whatever becomes of single ones', async () => {
    const cards = [];
    for (let n = 0; n < 230; n += 1) cards.push(await cardAt(1));
    const [odd, other] = cards as [(typeof cards)[0], (typeof cards)[0]];
    await database.sql.query(`update cards set profile = '{"version":1}' where card_id = $1`, [odd.card_id]);
    edge.profiles.set(other.key, { version: 9 } as Profile);
    const before = edge.calls.length;
    await running(() => until(waiting, (rows) => rows.length === 2));
    expect(edge.calls.slice(before).filter((call) => call.startsWith('CALLS'))).toEqual([
      ...['CALLS 100', 'CALLS 100', 'CALLS 29'],
    ]);
    expect(cards.filter(({ key }) => edge.profiles.get(key)?.version === 1)).toHaveLength(228);
    expect((await waiting()).map(({ card_id }) => card_id).toSorted()).toEqual([odd.card_id, other.card_id].toSorted());
  });

  test('an edge of the release before gets them one by one', async () => {
    edge.takesCallsInOne = false;
    const keys: string[] = [];
    for (let n = 0; n < 30; n += 1) keys.push((await cardAt(1)).key);
    await running(() => until(waiting, (rows) => rows.length === 0));
    edge.takesCallsInOne = true;
    expect(keys.filter((key) => edge.profiles.has(key))).toHaveLength(30);
  });

  test('a card that a person has frozen goes before a distribution, however many of its cards are due for longer', async () => {
    const many = [];
    for (let n = 0; n < 450; n += 1) many.push(await cardAt(1));
    const frozen = await cardAt(1);
    await database.sql.query(
      `update edge_outbox set is_bulk = card_id <> $1,
         next_attempt_at = now() - (case when card_id = $1 then '1 second' else '1 hour' end)::interval`,
      [frozen.card_id],
    );
    const due = await claimDue(database, 400);
    expect(due).toHaveLength(400);
    expect(due.some(({ card_id }) => card_id === frozen.card_id)).toBe(true);
    expect(many.length).toBe(450);
  });

  test('two processes do not push one row at the same time', async () => {
    const { card_id } = await cardAt(1);
    const before = edge.calls.length;
    const second = createOutbox({ database, edge: createEdgeClient(edge), log: pino({ level: 'silent' }) });
    outbox.loop.start();
    second.loop.start();
    await until(waiting, (rows) => rows.length === 0);
    await Promise.all([outbox.loop.stop(), second.loop.stop()]);
    expect(edge.calls.length - before).toBe(1);
    expect(card_id).toMatch(/^card_/);
  });
});

test('an edge with another secret, or none there at all, is an error that says so', async () => {
  const card = { network: 'native', card_token: 'tok' };
  const stranger = createEdgeClient({
    ...edge,
    secret: `whsec_${Buffer.from('another secret of tests').toString('base64')}`,
  });
  await expect(stranger.eventsAfter(card, 0)).rejects.toThrow(/the edge answered \d+/);
  const nobody = createEdgeClient({ url: 'http://127.0.0.1:2', secret: edge.secret });
  await expect(nobody.ping()).rejects.toThrow('the edge cannot be reached: ECONNREFUSED');
  await expect(nobody.clockMs()).rejects.toThrow('the edge cannot be reached: ECONNREFUSED');
  // Whole seconds.
  expect(Math.abs((await createEdgeClient(edge).clockMs()) - Date.now())).toBeLessThan(3_000);
});

test('an edge of another bundle than the expected one is told apart, and one that says none; an edge that is away is not', async () => {
  const expected = 'a'.repeat(64);
  const client = createEdgeClient({ ...edge, bundle: expected });
  await expect(client.checkBundle()).rejects.toThrow('the edge does not say which bundle it runs');
  edge.runsBundle = 'b'.repeat(64);
  await expect(client.checkBundle()).rejects.toThrow(
    `the edge runs the bundle ${edge.runsBundle}; EDGE_BUNDLE_SHA256 expects ${expected}`,
  );
  // The outbox goes on telling it of cards: it is alive.
  await client.ping();
  await createEdgeClient(edge).checkBundle();
  edge.runsBundle = expected;
  await client.checkBundle();
  edge.runsBundle = null;
  edge.away = true;
  await client.checkBundle();
  edge.away = false;
});

test('a profile that the edge does not take is an open item, keeps no other waiting, and closes once it is taken', async () => {
  const [odd, fine] = [await cardAt(1), await cardAt(1)];
  // One that this release cannot read: it never gets as far as the edge.
  await database.sql.query(`update cards set profile = '{"version":1,"odd":"\\ud83d"}' where card_id = $1`, [
    odd.card_id,
  ]);
  const items = async () => {
    const { rows } = await database.sql.query<{ line: string }>(
      `select concat_ws(' ', kind, item_key, status) as line from open_items`,
    );
    return rows.map(({ line }) => line);
  };
  for (let tries = 1; tries <= 4; tries += 1) expect(await outbox.push(odd.card_id)).toBe(false);
  expect(await items()).toEqual([]);
  edge.away = true;
  expect(await outbox.push(odd.card_id)).toBe(false);
  expect(await items()).toEqual([]);
  edge.away = false;
  expect(await outbox.push(odd.card_id)).toBe(false);
  expect(await items()).toEqual([`profile_not_taken ${odd.card_id} open`]);
  expect(await outbox.push(fine.card_id)).toBe(true);
  await database.sql.query(
    `update cards set profile = (select profile::text::jsonb || jsonb_build_object('card_id', $1::text) from cards where card_id = $2)::json
     where card_id = $1`,
    [odd.card_id, fine.card_id],
  );
  expect(await outbox.push(odd.card_id)).toBe(true);
  expect(await items()).toEqual([`profile_not_taken ${odd.card_id} resolved`]);
});

test.each(['.', '..', '~.', 'a/../b'])(
  'X15: the profile of a card with the token %j reaches the edge',
  async (token) => {
    const { card_id, key } = await cardAt(3, token);
    expect(await outbox.push(card_id)).toBe(true);
    expect(edge.profiles.get(key)).toMatchObject({ version: 3 });
  },
);
