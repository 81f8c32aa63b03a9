// A proof from the newest checkpoint on: it finds what was changed since, and that the checkpoint's own links are not those; it reads nothing older.

import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { askMany, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import type { Checkpoint } from './checkpoint.ts';
import { sealBehind } from './sealing.ts';
import { verifyAudit } from './verify-audit.ts';

let url: string;
let database: Database;
let checkpoint: Checkpoint;

/** Ten events and a seal each. */
async function grow(): Promise<string | undefined> {
  return (await askMany(database, await sampleMerchant(database, 100n), 8))[0];
}

async function witness(): Promise<Checkpoint> {
  const { audit, ledger } = await asOwner(url, (sql) => verifyAudit(sql));
  const link = ({ no, hash }: { no: number; hash: Buffer }) => ({ no, hash: hash.toString('hex') });
  return {
    ...{ version: 2, checkpoint_no: 1, made_at: '2026-11-27T12:00:00.000Z', previous: null, key_id: '0'.repeat(16) },
    ...{ audit: link(audit.last), ledger: link(ledger.last), ledger_sums: [...ledger.sums] },
  };
}

beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 6, onIdleError: () => {} });
  const opened = database;
  await grow();
  settlement_id = (await grow()) ?? '';
  checkpoint = await witness();
  return () => opened.close();
});

const proof = () => asOwner(url, (sql) => verifyAudit(sql, [], checkpoint));
const tamper = (statements: string) =>
  asOwner(url, (sql) => sql.query(`set session_replication_role = replica; ${statements}`));

test('what came since is looked at, and its sums go on from those of the checkpoint', async () => {
  expect((await proof()).ledger).toMatchObject({ links: 2, transfers: 0, fault: null });
  await grow();
  const { audit, ledger, faults } = await proof();
  expect(faults).toEqual([]);
  expect([audit.links, ledger.links, ledger.transfers]).toEqual([30, 3, 1]);
  const { ledger: whole } = await asOwner(url, (sql) => verifyAudit(sql));
  expect([ledger.last, ledger.sums]).toEqual([whole.last, whole.sums]);
});

test('what is older is not read: a change there is found by the whole proof alone', async () => {
  await grow();
  await tamper(
    `update audit_events set reason = 'x' where audit_no = 3; update ledger_transfers set amount_minor = 1 where transfer_no = 1`,
  );
  expect((await proof()).faults).toEqual([]);
  expect((await asOwner(url, (sql) => verifyAudit(sql, [checkpoint]))).faults).toHaveLength(2);
});

async function makeAccount(name: string): Promise<number> {
  await database.sql.query(`insert into accounts (account_id, name, currency) values ($1, 'x', 'USD')`, [name]);
  const { rows } = await database.sql.query<{ no: string }>(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', 'USD', $1)
     returning ledger_account_no as no`,
    [name],
  );
  return Number(rows[0]?.no);
}

/** A direct transfer has a cause: a settlement that is there. */
let settlement_id: string;
const transferOf = (debit_account_no: number, credit_account_no: number) => ({
  ...{ debit_account_no, credit_account_no, amount_minor: 5n, currency: 'USD', kind: 'direct' as const },
  ...{ event_at_ms: 0, event: null, settlement_id },
});

test('numbers that statements took in turn may be of a seal before the checkpoint, and are not taken for forged', async () => {
  const [a, b, c, d] = [await makeAccount('a'), await makeAccount('b'), await makeAccount('c'), await makeAccount('d')];
  const [booked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const late = database.transaction(async (sql) => {
    await insertTransfers(sql, [transferOf(a, b)]);
    booked.resolve();
    await goOn.promise;
  });
  await Promise.race([booked.promise, late]);
  await database.transaction((sql) => insertTransfers(sql, [transferOf(c, d), transferOf(c, d)]));
  checkpoint = await witness();
  goOn.resolve();
  await late;
  expect(await proof()).toMatchObject({ faults: [], ledger: { transfers: 1 } });
  // The window of what waits is looked at too.
  await sealBehind(database);
  await database.transaction((sql) => insertTransfers(sql, [transferOf(c, d)]));
  expect(await proof()).toMatchObject({ faults: [], ledger: { transfers: 1, unsealed: 1 } });
  await tamper(`insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
    values ('forged', 1, 2, 1, 'USD', 'direct', 0)`);
  expect((await proof()).faults).toMatchObject([{ chain: 'ledger', problem: 'inserted' }]);
});

describe('X6: since the checkpoint', () => {
  test.each([
    ['an event that is changed', `update audit_events set reason = 'x' where audit_no = 25`, 'audit 25 changed'],
    ['an event that is removed', 'delete from audit_events where audit_no = 25', 'audit 25 missing'],
    [
      'the tail cut, with the head',
      `delete from audit_events where audit_no > 15; update audit_head set audit_no = 15`,
      'audit 20 missing',
    ],
    [
      "the checkpoint's own event",
      `update audit_events set hash = sha256('x') where audit_no = 20`,
      'audit 20 rewritten',
    ],
    [
      'a transfer that is changed',
      'update ledger_transfers set amount_minor = 1 where transfer_no = 3',
      'ledger 3 changed',
    ],
    ['a transfer that is removed', 'delete from ledger_transfers where transfer_no = 3', 'ledger 3 missing'],
    ["the checkpoint's own seal", `update ledger_seals set hash = sha256('x') where seal_no = 2`, 'ledger 2 rewritten'],
    ['a seal that is removed', 'delete from ledger_seals where seal_no = 3', 'ledger 3 missing'],
  ])('%s is found', async (_, statements, found) => {
    await grow();
    await tamper(statements);
    const { faults } = await proof();
    expect(faults.map(({ chain, no, problem }) => `${chain} ${no} ${problem}`)).toEqual([found]);
  });

  test('a transfer in no seal is found where nothing came since', async () => {
    await tamper(`insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
      values ('forged', 1, 2, 1, 'USD', 'direct', 0)`);
    expect((await proof()).faults).toMatchObject([{ chain: 'ledger', problem: 'inserted' }]);
  });
});
