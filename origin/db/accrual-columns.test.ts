// Migration 0016 on a database that stood still by an odd name: every shop's id is found, and what was passed over is listed.

import { expect, onTestFinished, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabaseBefore, ownerUrl } from '../../scripts/test-postgres.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import { accrue } from '../merchants/accrual.ts';
import { openDatabase } from './client.ts';
import { migrate } from './migrate.ts';

/** A database as it was before the migration of that number. */

test('what an older release stored is read, whatever its texts hold, and accrual goes on', async () => {
  const url = await createTestDatabaseBefore('0016');
  const database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  onTestFinished(() => database.close());
  const house = createHouseAccounts(database.sql);
  const [clearing, suspense] = [
    { kind: 'network_clearing', currency: 'USD', network: 'native' } as const,
    { kind: 'suspense', currency: 'USD', network: null } as const,
  ];
  await house.ensure([clearing, suspense]);
  const merchants = [
    String.raw`{"id":"lone","name":"${'A'.repeat(119)}\ud83d"}`,
    String.raw`{"id":"nul","name":"A\u0000"}`,
    String.raw`{"id":"quoted","name":"\"id\":\"other\" \ud83d"}`,
    '{"id":"padded   ","name":"fine"}',
    '{"id":null,"name":"nameless"}',
    String.raw`{"id":"A\ud83d","name":"odd id"}`,
  ];
  for (const [index, merchant] of merchants.entries()) {
    const authorization_id = newId('auth');
    await database.sql.query(
      `insert into authorizations (authorization_id, stream_id, ledger_account_no, currency, merchant, status, requested_minor,
         held_minor, posted_minor, opened_at_ms, updated_at_ms) values ($1, 1, $2, 'USD', $3, 'posted', 0, 0, 0, $4, 0)`,
      [authorization_id, house.numberOf(suspense), merchant, index],
    );
    await insertTransfers(database.sql, [
      {
        ...{ debit_account_no: house.numberOf(suspense), credit_account_no: house.numberOf(clearing) },
        ...{ amount_minor: 100n, currency: 'USD', kind: 'direct', event_at_ms: 0 },
        event: { event_id: newId('evt'), stream_id: 1, sequence: index + 1, authorization_id },
      },
    ]);
  }
  // Half of them were passed over before it stood still.
  await database.sql.query('update accrual_head set seal_no = 3');
  await database.sql.query(
    `insert into merchants (merchant_id, name, currency, network_merchant_ids) values ('mrch_1', 'Padded', 'EUR', '{"padded  "}')`,
  );
  expect(await migrate(ownerUrl(url))).toContain('0016_accrual_columns.sql');

  const { rows } = await database.sql.query<{ id: string | null }>(
    'select network_merchant_id as id from authorizations order by opened_at_ms',
  );
  expect(rows.map(({ id }) => id)).toEqual(['lone', 'nul', 'quoted', 'padded', null, null]);
  const listed = async () =>
    (
      await database.sql.query<{ line: string }>(
        `select network_merchant_id || ' ' || net_minor as line from unassigned_clearings order by 1`,
      )
    ).rows.map(({ line }) => line);
  expect(await listed()).toEqual(['lone 100', 'nul 100', 'quoted 100']);
  while (await accrue(database));
  expect(await listed()).toEqual([' 200', 'lone 100', 'nul 100', 'padded 100', 'quoted 100']);
  const ids = await database.sql.query(`select network_merchant_ids as ids from merchants`);
  expect(ids.rows).toEqual([{ ids: ['padded'] }]);
});
