// Migration 0022 on a database of a release that left in suspense what had been told before its card was made.

import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabaseBefore, ownerUrl } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { createSuspenseLoop } from '../intake/suspense-loop.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers, type Transfer } from '../ledger/transfers.ts';
import { SampleBooks } from '../testing/sample-books.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { openDatabase } from './client.ts';
import { migrate } from './migrate.ts';

test('F7: money that an older release left in suspense is moved to its card, which was made since', async () => {
  const url = await createTestDatabaseBefore('0022');
  const database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  onTestFinished(() => database.close());
  const card = new SampleCard('late', null);
  const house = createHouseAccounts(database.sql);
  const [suspense, clearing] = [
    { kind: 'suspense', currency: 'USD', network: null } as const,
    { kind: 'network_clearing', currency: 'USD', network: card.network } as const,
  ];
  await house.ensure([suspense, clearing]);
  await database.sql.query('insert into card_streams (network, card_token) values ($1, $2)', [card.network, 'late']);
  const book = async (kind: Transfer['kind'], amount: number, sequence: number, isRefund = false) => {
    const [authorization_id, event_id] = [newId('auth'), newId('evt')];
    await database.sql.query(
      `insert into card_events (stream_id, sequence, kind, event_id, at_ms, authorization_id, body) values (1, $1, 'message', $2, 0, $3, '{}')`,
      [sequence, event_id, authorization_id],
    );
    await database.sql.query(
      `insert into authorizations (authorization_id, stream_id, ledger_account_no, currency, status, requested_minor, held_minor,
         posted_minor, opened_at_ms, updated_at_ms) values ($1, 1, $2, 'USD', 'posted', 0, $3, $4, 0, 0)`,
      [
        ...[authorization_id, house.numberOf(suspense), kind === 'pending' ? amount : 0],
        kind === 'pending' ? 0 : isRefund ? -amount : amount,
      ],
    );
    const [from, to] = isRefund ? [clearing, suspense] : [suspense, clearing];
    await insertTransfers(database.sql, [
      {
        ...{ debit_account_no: house.numberOf(from), credit_account_no: house.numberOf(to) },
        ...{ amount_minor: BigInt(amount), currency: 'USD', kind, event_at_ms: 0 },
        event: { event_id, stream_id: 1, sequence, authorization_id },
      },
    ]);
  };
  await book('pending', 900, 1);
  await book('direct', 500, 2);
  await book('direct', 70, 3, true);
  const books = new SampleBooks(database);
  await books.makeKnown(card);
  await migrate(ownerUrl(url));

  const loop = createSuspenseLoop({ database, log: pino({ level: 'silent' }) });
  loop.start();
  await until(loop.state, ({ last_success_at_ms }) => last_success_at_ms !== null);
  await loop.stop();
  expect(await books.stored(card)).toMatchObject({ held: 900, posted: 430 });
  const { rows } = await database.sql.query(
    `select debits_pending::int as held, (debits_posted - credits_posted)::int as posted from ledger_balances where ledger_account_no = $1`,
    [house.numberOf(suspense)],
  );
  expect(rows).toEqual([{ held: 0, posted: 0 }]);
});
