// Scheduled runs: one a merchant and day, of what can be paid, and none of them in another's way.

import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { ask, askMany, doer, sampleMerchant, silent } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import type { Payer } from '../providers/payable.ts';
import { createSettlement } from './create.ts';
import { endRuns } from './end-runs.ts';
import { openRuns } from './runs.ts';

let database: Database;
let url: string;

beforeEach(async () => {
  url = await createTestDatabase();
  const opened = openDatabase({ url, poolMax: 12, onIdleError: () => {} });
  database = opened;
  return () => opened.close();
});

describe('runs', () => {
  const schedule = { time: '23:30', zone: 'Europe/Berlin' };
  const tomorrow = Date.now() + 24 * 3_600_000;
  const parts = () => ({ database, providers: [], log: silent });
  const scheduled = (owed: bigint) => sampleMerchant(database, owed, { schedule });
  const settled = async () => {
    const { rows } = await database.sql.query<{ line: string }>(
      `select s.amount_minor || ' ' || r.state as line from settlements s join settlement_runs r using (run_id) order by s.amount_minor`,
    );
    return rows.map(({ line }) => line);
  };

  test('one a merchant and day, whoever asks and how often', async () => {
    await scheduled(300n);
    await scheduled(40n);
    await scheduled(0n);
    await sampleMerchant(database, 1_000n);
    const opened = await Promise.all(Array.from({ length: 5 }, () => openRuns(database, tomorrow, silent)));
    expect(opened.reduce((sum, count) => sum + count, 0)).toBe(3);
    await Promise.all(Array.from({ length: 5 }, () => endRuns(parts())));
    expect(await openRuns(database, tomorrow, silent)).toBe(0);
    expect(await endRuns(parts())).toBe(0);
    expect(await settled()).toEqual(['40 done', '300 done']);
  });

  test('what is asked for already is not settled twice', async () => {
    const merchant = await scheduled(300n);
    await ask(database, merchant, 100);
    await openRuns(database, tomorrow, silent);
    await endRuns(parts());
    expect(await settled()).toEqual(['200 done']);
  });

  test('one that died between its row and its settlement is ended by the next', async () => {
    await scheduled(300n);
    await openRuns(database, tomorrow, silent);
    const dying: Database = {
      ...database,
      transaction: (work) =>
        database.transaction(async (sql) => {
          await work(sql);
          throw new Error('died before the commit');
        }),
    };
    await expect(endRuns({ ...parts(), database: dying })).rejects.toThrow('died');
    expect(await settled()).toEqual([]);
    expect(await endRuns(parts())).toBe(1);
    expect(await settled()).toEqual(['300 done']);
  });

  test('settlements of a run go the way of all others', async () => {
    const merchant = await scheduled(300n);
    expect(await askMany(database, merchant, 2)).toHaveLength(2);
    await openRuns(database, tomorrow, silent);
    await endRuns(parts());
    const { rows } = await database.sql.query(
      `select state, amount_minor, changed_by from settlements where run_id is not null`,
    );
    expect(rows).toEqual([{ state: 'queued', amount_minor: '298', changed_by: 'engine' }]);
  });

  /** Whole forints only. */
  const wholeUnits: Payer = {
    name: 'simulated',
    problemOfDestination: () => null,
    amounts: () => ({ unit_minor: 100n, min_minor: 100n, max_minor: 10n ** 12n }),
  };

  test('P5: of 1500.50 HUF a provider of whole units is sent 1500.00, and 0.50 stay owed', async () => {
    const merchant_id = await sampleMerchant(database, 150_050n, { schedule, currency: 'HUF' });
    await openRuns(database, tomorrow, silent);
    await endRuns({ ...parts(), providers: [wholeUnits] });
    expect(await settled()).toEqual(['150000 done']);
    // The next day there is nothing that it could pay, and nothing is refused day after day.
    await database.sql.query(
      `insert into settlement_runs (run_id, merchant_id, local_date) values ('run_2', $1, '2000-01-01')`,
      [merchant_id],
    );
    await endRuns({ ...parts(), providers: [wholeUnits] });
    expect(await settled()).toEqual(['150000 done']);
    const { rows } = await database.sql.query(
      `select state, settlement_id from settlement_runs where run_id = 'run_2'`,
    );
    expect(rows).toEqual([{ state: 'done', settlement_id: null }]);
  });

  test('P5: asked for, 1500.50 HUF are refused at once with the largest amount that can be paid', async () => {
    const merchant_id = await sampleMerchant(database, 150_050n, { currency: 'HUF' });
    const asked = (amount_minor: number) =>
      database.transaction((sql) =>
        createSettlement(sql, { merchant_id, amount_minor, currency: 'HUF' }, doer, [wholeUnits]),
      );
    await expect(asked(150_050)).rejects.toMatchObject({
      error_code: 'amount_not_payable',
      details: [{ field: 'amount_minor', problem: 'cannot be paid in HUF: the largest that can is 150000' }],
    });
    await expect(asked(50)).rejects.toThrow('no smaller one can either');
    await asked(150_000);
  });

  test('one run that the database refuses, and one schedule that cannot be read, stop nobody else', async () => {
    const [odd, ...others] = [await scheduled(300n), await scheduled(40n), await scheduled(50n)];
    const unread = await sampleMerchant(database, 60n, { schedule: { time: '23:30', zone: 'Europe/Atlantis' } });
    expect(await openRuns(database, tomorrow, silent)).toBe(3);
    await asOwner(url, (sql) =>
      sql.query(`create function odd_row() returns trigger language plpgsql as $$ begin
          if new.merchant_id = '${odd}' then raise exception 'odd' using errcode = 'check_violation'; end if; return new; end $$;
        create trigger odd_row before insert on settlements for each row execute function odd_row()`),
    );
    expect(await endRuns(parts())).toBe(3);
    expect(await settled()).toEqual(['40 done', '50 done']);
    expect(others).toHaveLength(2);
    const { rows } = await database.sql.query('select kind, merchant_id from open_items order by open_item_no');
    expect(rows).toEqual([
      { kind: 'run_set_aside', merchant_id: unread },
      { kind: 'run_set_aside', merchant_id: odd },
    ]);
    // It waits, and keeps nobody busy meanwhile.
    expect(await endRuns(parts())).toBe(0);
  });
});
