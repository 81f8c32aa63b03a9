// X6: where a merchant is paid to changes through one function that audits, tells the merchant and waits; whoever has the service's
// role gets nothing else paid.

import { beforeEach, describe, expect, test } from 'vitest';
import { settlementWebhookSchema } from '../../contracts/settlement.ts';
import { asOwner, createTestDatabase, ownerUrl } from '../../scripts/test-postgres.ts';
import {
  ask,
  doer,
  guard,
  sampleEngine,
  sampleMerchant,
  sampleProvider,
  standingOf,
  untilOver,
} from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { withoutCause } from '../audit/causes.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { changeDestinations } from '../merchants/merchants.ts';
import { setDestinationCooling } from './destination-cooling.ts';
import { lockDue } from './settlement-row.ts';

let url: string;
let database: Database;
const other = { simulated: { account: 'acc-2' } };

beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  return () => database.close();
});

function change(merchant_id: string, destinations: Readonly<Record<string, unknown>> = other): Promise<boolean> {
  return database.transaction((sql) => changeDestinations(sql, { merchant_id, destinations }, doer));
}

async function rowOf<T extends object>(text: string, id: string): Promise<T> {
  const { rows } = await database.sql.query<T>(text, [id]);
  if (rows[0] === undefined) throw new Error(`no row of ${id}`);
  return rows[0];
}

const merchantOf = (id: string) =>
  rowOf<{ destinations: object; payable_from: Date | null }>(
    'select destinations, destinations_payable_from as payable_from from merchants where merchant_id = $1',
    id,
  );
const changesOf = async (id: string) =>
  (
    await database.sql.query<{ actor: string; reason: string }>(
      `select actor, reason from audit_events where subject = $1 and action = 'merchant.destination_changed' order by audit_no`,
      [id],
    )
  ).rows;

describe("X6: as the service's role", () => {
  test.each([
    [`update merchants set destinations = '{"simulated": {"account": "mine"}}'`],
    ['update merchants set destinations_payable_from = null'],
    ['update merchants set destinations_set_at = null'],
    ['update merchants set merchant_id = merchant_id'],
    [`insert into merchants (merchant_id, name, currency, destinations) values ('mrch_x', 'x', 'USD', '{"a": {}}')`],
    ['update destination_cooling set hours = 0'],
    ['delete from destination_cooling'],
    ['delete from merchants'],
  ])('is refused: %s', async (statement) => {
    await sampleMerchant(database, 0n);
    await expect(database.sql.query(statement)).rejects.toThrow('permission denied');
  });

  test.each([
    ['elsewhere', `'{"simulated": {"account": "mine"}}'`, 'm.destinations_payable_from'],
    ['at once', 'm.destinations', 'null'],
    ['a little earlier', 'm.destinations', `m.destinations_payable_from - interval '1 hour'`],
  ])('a settlement cannot be made to go %s', async (_, destinations, payable_from) => {
    const merchant_id = await sampleMerchant(database, 100n);
    await change(merchant_id);
    const made = database.sql.query(
      `insert into settlements (settlement_id, merchant_id, amount_minor, currency, changed_by, correlation_id, destinations, payable_from)
       select 'stl_forged', merchant_id, 1, 'USD', 'me', 'me', ${destinations}, ${payable_from} from merchants m where merchant_id = $1`,
      [merchant_id],
    );
    await expect(made).rejects.toThrow('its destination is not that of its merchant');
  });

  test('one that waits is not sent earlier by a change of its row', async () => {
    const merchant_id = await sampleMerchant(database, 100n);
    await change(merchant_id);
    const id = await ask(database, merchant_id);
    const set = (what: string) => database.sql.query(`update settlements set ${what} where settlement_id = $1`, [id]);
    await expect(set('payable_from = null')).rejects.toThrow('never change');
    await expect(set("state = 'processing'")).rejects.toThrow('its destination was changed, and is paid from');
    await set('due_at = now()');
    const due = await database.transaction((sql) => lockDue(sql, ['simulated'], 100));
    expect(due.map(({ settlement_id }) => settlement_id)).not.toContain(id);
  });
});

describe('X6: a changed destination', () => {
  test('is audited without its account number, waits a day, and its settlements say so', async () => {
    const merchant_id = await sampleMerchant(database, 100n);
    expect((await merchantOf(merchant_id)).payable_from).toBeNull();
    const before = Date.now();
    expect(await change(merchant_id)).toBe(true);
    const { destinations, payable_from } = await merchantOf(merchant_id);
    expect(destinations).toEqual(other);
    const waitsMs = Number(payable_from) - before;
    expect(waitsMs).toBeGreaterThan(86_000_000);
    expect(waitsMs).toBeLessThan(87_000_000);
    const [first, second] = await changesOf(merchant_id);
    expect(first?.reason).toMatch(/^paid at once; sha256 [0-9a-f]{64}$/);
    expect(second).toMatchObject({
      actor: doer.actor,
      reason: expect.stringMatching(/^paid from .*Z; sha256 [0-9a-f]{64}$/),
    });
    expect(second?.reason).not.toContain('acc-2');
    const id = await ask(database, merchant_id);
    expect(
      await rowOf('select state, payable_from, due_at, change_reason from settlements where settlement_id = $1', id),
    ).toMatchObject({
      ...{ state: 'queued', payable_from, due_at: payable_from },
      change_reason: expect.stringMatching(/^waits: the destination was changed, and is paid from 20/),
    });
  });

  test('is paid when its time is over, and what was asked for before goes where it went', async () => {
    await using parts = new AsyncDisposableStack();
    const { client, server } = await sampleProvider(parts, () => database);
    const merchant_id = await sampleMerchant(database, 100n);
    const before = await ask(database, merchant_id, 10);
    await change(merchant_id);
    const after = await ask(database, merchant_id, 20);
    const engine = sampleEngine({ database, providers: [guard(client())] });
    parts.defer(() => engine.stop());
    engine.start();
    await untilOver(database, [before]);
    expect(await standingOf(database, [after])).toMatchObject([{ state: 'queued', submissions: 0 }]);
    // The owner alone can let the time pass.
    await asOwner(url, (sql) =>
      sql.query(
        `set session_replication_role = replica; update settlements set payable_from = now(), due_at = now() where state = 'queued'`,
      ),
    );
    await until(
      () => standingOf(database, [after]),
      ([one]) => one?.state === 'completed',
    );
    expect(
      [...server.books.entries()].map(({ order: { account, amount_minor } }) => [account, Number(amount_minor)]),
    ).toEqual([
      ['acc-1', 10],
      ['acc-2', 20],
    ]);
  });

  test('the same again changes nothing; back again waits as well; nobody has none', async () => {
    const merchant_id = await sampleMerchant(database, 0n);
    expect(await change(merchant_id, { simulated: { account: 'acc-1' } })).toBe(true);
    expect(await changesOf(merchant_id)).toHaveLength(1);
    await change(merchant_id);
    await change(merchant_id, { simulated: { account: 'acc-1' } });
    expect(await changesOf(merchant_id)).toHaveLength(3);
    expect((await merchantOf(merchant_id)).payable_from).not.toBeNull();
    expect(await change('mrch_of_nobody')).toBe(false);
  });

  test.each([
    ['new', 0n, false],
    ['owed something already', 5n, true],
  ])('the first of a merchant that is %s', async (_, owed, waits) => {
    const merchant_id = await sampleMerchant(database, owed, { destinations: {} });
    await change(merchant_id);
    expect((await merchantOf(merchant_id)).payable_from !== null).toBe(waits);
  });

  test('removed and set again is no first one', async () => {
    const merchant_id = await sampleMerchant(database, 0n);
    await change(merchant_id, {});
    await change(merchant_id);
    expect((await merchantOf(merchant_id)).payable_from).not.toBeNull();
  });

  test('is told to the merchant by webhook, in the same commit', async () => {
    const merchant_id = await sampleMerchant(database, 0n);
    await database.sql.query(
      `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, secret, event_types)
       values ('whk_all', $1, 'https://1.1.1.1/', '', '{}'), ('whk_one', $1, 'https://1.1.1.1/', '', '{merchant.destination_changed}'),
         ('whk_no', $1, 'https://1.1.1.1/', '', '{settlement.failed}')`,
      [merchant_id],
    );
    await change(merchant_id);
    const { rows } = await database.sql.query<{ webhook_endpoint_id: string; event_id: string; payload: string }>(
      'select webhook_endpoint_id, event_id, payload from webhook_messages where merchant_id = $1 order by 1',
      [merchant_id],
    );
    expect(rows.map(({ webhook_endpoint_id }) => webhook_endpoint_id)).toEqual(['whk_all', 'whk_one']);
    expect(rows[0]?.event_id).toBe(rows[1]?.event_id);
    const { payable_from } = await merchantOf(merchant_id);
    expect(settlementWebhookSchema.parse(JSON.parse(rows[0]?.payload ?? ''))).toMatchObject({
      ...{ type: 'merchant.destination_changed', data: { merchant_id, payable_from: payable_from?.toISOString() } },
    });
  });

  test('waits as long as the owner has configured, which is audited', async () => {
    const merchant_id = await sampleMerchant(database, 0n);
    await setDestinationCooling(ownerUrl(url), 0);
    await change(merchant_id);
    await setDestinationCooling(ownerUrl(url), 24);
    expect((await merchantOf(merchant_id)).payable_from).toBeNull();
    const { rows } = await database.sql.query<{ reason: string }>(
      `select reason from audit_events where action = 'destinations.cooling_changed' order by audit_no`,
    );
    expect(rows).toEqual([{ reason: '0 hours' }, { reason: '24 hours' }]);
  });
});

describe('X6: what the owner forges is named', () => {
  test('a destination that no audit event set, and a settlement that went there', async () => {
    const own = await createTestDatabase();
    const forged = openDatabase({ url: own, poolMax: 4, onIdleError: () => {} });
    await using _closing = { [Symbol.asyncDispose]: () => forged.close() };
    const [mine, theirs] = [await sampleMerchant(forged, 100n), await sampleMerchant(forged, 100n)];
    await ask(forged, mine);
    expect(await asOwner(own, withoutCause)).toEqual([]);
    const setTo = (account: string) =>
      asOwner(own, (sql) =>
        sql.query(`update merchants set destinations = $2 where merchant_id = $1`, [
          theirs,
          JSON.stringify({ simulated: { account } }),
        ]),
      );
    await setTo('thief');
    expect(await asOwner(own, withoutCause)).toEqual([
      `merchant ${theirs} is paid to destinations that are not those of its last audited change`,
    ]);
    const id = await ask(forged, theirs);
    await setTo('acc-1');
    expect(await asOwner(own, withoutCause)).toEqual([
      `settlement ${id} goes to destinations that its merchant never had by the audit trail`,
    ]);
  });
});
