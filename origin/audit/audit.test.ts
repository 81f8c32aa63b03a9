import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { askMany, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createDirectoryStore } from '../object-store/directory-store.ts';
import { readCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { verifyAudit } from './verify-audit.ts';

let url: string;
let database: Database;
let directory: string;
const { privateKey: key } = generateKeyPairSync('ed25519');

/** Events: a merchant, its destination and eight settlements each. Seals: ten credits. */
beforeEach(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  directory = await mkdtemp(join(tmpdir(), 'atlas-checkpoints-'));
  const opened = database;
  await grow(3);
  return async () => {
    await opened.close();
    await rm(directory, { recursive: true, force: true });
  };
});

async function grow(merchants: number): Promise<void> {
  for (let n = 0; n < merchants; n += 1) await askMany(database, await sampleMerchant(database, 100n), 8);
}

/** As a superuser who has switched all triggers off. */
async function tamper(...statements: string[]): Promise<void> {
  await asOwner(url, async (sql) => {
    await sql.query('set session_replication_role = replica');
    for (const statement of statements) await sql.query(statement);
  });
}

async function faults(): Promise<string[]> {
  const { checkpoints } = await readCheckpoints(createDirectoryStore(directory), [key]);
  const found = await asOwner(url, (sql) => verifyAudit(sql, checkpoints));
  return found.faults.map(({ chain, no, problem }) => `${chain} ${no} ${problem}`);
}

/** Returns its path. */
async function checkpoint(): Promise<string> {
  const { audit, ledger } = await asOwner(url, (sql) => verifyAudit(sql));
  const links = { audit: audit.last, ledger: ledger.last, sums: ledger.sums, nowMs: Date.now() };
  return join(directory, await writeCheckpoint(createDirectoryStore(directory), [key], links));
}

/** The whole chain anew from a row on, by the database's own functions: what an owner without scruples would run. */
const rewriteAudit = (from: number) => `do $$
  declare event audit_events; last bytea;
  begin
    select hash into last from audit_events where audit_no = ${from - 1};
    for event in select * from audit_events where audit_no >= ${from} order by audit_no loop
      event.previous_hash := last;
      event.hash := sha256('atlas audit event' || last || audit_content(event));
      update audit_events set previous_hash = event.previous_hash, hash = event.hash where audit_no = event.audit_no;
      last := event.hash;
    end loop;
    update audit_head set hash = last;
  end $$`;
const rewriteLedger = `do $$
  declare seal ledger_seals; last bytea := sha256('atlas ledger');
  begin
    for seal in select * from ledger_seals order by seal_no loop
      seal.previous_hash := last;
      select sha256('atlas ledger seal' || last || sha256(convert_to(string_agg(transfer_text(t), E'\\n' order by transfer_no), 'utf8')))
        into seal.hash from ledger_transfers t where t.transfer_no <@ seal.transfer_nos;
      update ledger_seals set previous_hash = seal.previous_hash, hash = seal.hash where seal_no = seal.seal_no;
      last := seal.hash;
    end loop;
    update ledger_seal_head set hash = last;
  end $$`;

test('what nobody touched is proved, whoever wrote it at the same time', async () => {
  await Promise.all(Array.from({ length: 20 }, () => grow(1)));
  await checkpoint();
  await grow(1);
  expect(await faults()).toEqual([]);
  const { audit, ledger } = await asOwner(url, (sql) => verifyAudit(sql));
  expect([audit.links, ledger.links, ledger.transfers]).toEqual([240, 24, 24]);
});

describe('the audit trail, changed as its owner', () => {
  const columns = ['actor', 'action', 'subject', 'merchant_id', 'to_state', 'reason', 'correlation_id'];
  test.each(columns.map((column) => [column]))('one byte of %s', async (column) => {
    await tamper(
      `update audit_events set ${column} = overlay(coalesce(nullif(${column}, ''), 'a') placing 'X' from 1) where audit_no = 7`,
    );
    expect(await faults()).toEqual(['audit 7 changed']);
  });

  test.each<[string, string[], string]>([
    [
      'its instant by a microsecond',
      [`update audit_events set at = at + interval '1 microsecond' where audit_no = 7`],
      'audit 7 changed',
    ],
    [
      'null for an empty text',
      [
        `update audit_events set merchant_id = '' where audit_no = 7`,
        `update audit_events set from_state = '' where audit_no = 8`,
      ],
      'audit 7 changed',
    ],
    ['a hash', [`update audit_events set hash = sha256('x') where audit_no = 7`], 'audit 7 changed'],
    ['a link', [`update audit_events set previous_hash = sha256('x') where audit_no = 7`], 'audit 7 unlinked'],
    ['one deleted in the middle', ['delete from audit_events where audit_no = 7'], 'audit 7 missing'],
    ['the first deleted', ['delete from audit_events where audit_no = 1'], 'audit 1 missing'],
    ['the tail cut', ['delete from audit_events where audit_no > 25'], 'audit 26 missing'],
    [
      'two that changed places',
      [
        'update audit_events set audit_no = -7 where audit_no = 7',
        'update audit_events set audit_no = 7 where audit_no = 8',
        'update audit_events set audit_no = 8 where audit_no = -7',
      ],
      'audit 7 unlinked',
    ],
    [
      'one inserted at the end',
      [
        `insert into audit_events select 31, at, actor, action, subject, merchant_id, from_state, to_state, 'forged', correlation_id, hash, sha256('x') from audit_events where audit_no = 30`,
      ],
      'audit 31 changed',
    ],
    [
      'one inserted at the end with a good hash',
      [
        `insert into audit_events select 31, at, actor, action, subject, merchant_id, from_state, to_state, 'forged', correlation_id, hash, '' from audit_events where audit_no = 30`,
        `update audit_events set hash = sha256('atlas audit event' || previous_hash || audit_content(audit_events)) where audit_no = 31`,
      ],
      'audit 31 inserted',
    ],
    [
      'one inserted in the middle',
      [
        'update audit_events set audit_no = -audit_no where audit_no >= 7',
        'update audit_events set audit_no = 1 - audit_no where audit_no < 0',
        `insert into audit_events select 7, at, actor, action, subject, merchant_id, from_state, to_state, 'forged', correlation_id, hash, sha256('x') from audit_events where audit_no = 6`,
      ],
      'audit 7 changed',
    ],
  ])('%s', async (_, statements, fault) => {
    await tamper(...statements);
    expect(await faults()).toEqual([fault]);
  });

  test('rewritten as a whole: the chain agrees with itself, and not with a checkpoint', async () => {
    await tamper(`update audit_events set reason = 'nothing to see' where audit_no = 7`, rewriteAudit(7));
    expect(await faults()).toEqual([]);
  });

  test('rewritten after checkpoints: between the last that agrees and the first that does not', async () => {
    await checkpoint();
    await grow(1);
    await checkpoint();
    await grow(1);
    await tamper(`update audit_events set reason = 'nothing to see' where audit_no = 33`, rewriteAudit(33));
    expect(await faults()).toEqual(['audit 31 rewritten']);
  });

  test('the tail cut, and the head set back to match: a checkpoint knew of more', async () => {
    await checkpoint();
    await tamper(
      'delete from audit_events where audit_no > 20',
      'update audit_head set audit_no = 20, hash = (select hash from audit_events where audit_no = 20)',
    );
    expect(await faults()).toEqual(['audit 21 missing']);
  });
});

describe('the ledger, changed as its owner', () => {
  test.each<[string, string[], string]>([
    [
      'an amount',
      ['update ledger_transfers set amount_minor = amount_minor + 1 where transfer_no = 2'],
      'ledger 2 changed',
    ],
    [
      'an account',
      [
        'update ledger_transfers set debit_account_no = credit_account_no, credit_account_no = debit_account_no where transfer_no = 2',
      ],
      'ledger 2 changed',
    ],
    [
      'when it was booked',
      [`update ledger_transfers set booked_at = booked_at - interval '1 day' where transfer_no = 2`],
      'ledger 2 changed',
    ],
    [
      'whose settlement it is',
      [`update ledger_transfers set settlement_id = 'stl_other' where transfer_no = 2`],
      'ledger 2 changed',
    ],
    [
      'which event it books',
      [`update ledger_transfers set stream_id = 9, sequence = 9, event_id = 'x' where transfer_no = 2`],
      'ledger 2 changed',
    ],
    ['a transfer deleted', ['delete from ledger_transfers where transfer_no = 2'], 'ledger 2 missing'],
    [
      'a transfer inserted',
      [
        `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms) select 'trf_x', debit_account_no, credit_account_no, 1, currency, kind, 0 from ledger_transfers limit 1`,
      ],
      'ledger 3 inserted',
    ],
    ['a seal deleted', ['delete from ledger_seals where seal_no = 2'], 'ledger 2 missing'],
    ['the tail of seals cut', ['delete from ledger_seals where seal_no = 3'], 'ledger 3 missing'],
    ["a seal's count", ['update ledger_seals set transfers = 2 where seal_no = 2'], 'ledger 2 changed'],
    ["a seal's hash", [`update ledger_seals set hash = sha256('x') where seal_no = 2`], 'ledger 2 changed'],
    [
      'seals that changed places',
      [
        'update ledger_seals set seal_no = -2 where seal_no = 2',
        'update ledger_seals set seal_no = 2 where seal_no = 3',
        'update ledger_seals set seal_no = 3 where seal_no = -2',
      ],
      'ledger 2 unlinked',
    ],
  ])('%s', async (_, statements, fault) => {
    await tamper(...statements);
    expect(await faults()).toEqual([fault]);
  });

  test('rewritten as a whole after a checkpoint', async () => {
    await checkpoint();
    await tamper('update ledger_transfers set amount_minor = amount_minor + 1 where transfer_no = 2', rewriteLedger);
    expect(await faults()).toEqual(['ledger 1 rewritten']);
  });

  test('rewritten as a whole: what was booked then and is booked now is told by currency', async () => {
    await checkpoint();
    await tamper('update ledger_transfers set amount_minor = amount_minor + 7 where transfer_no = 2', rewriteLedger);
    const { checkpoints } = await readCheckpoints(createDirectoryStore(directory), [key]);
    const { ledger } = await asOwner(url, (sql) => verifyAudit(sql, checkpoints));
    const [then] = checkpoints.flatMap((one) => ('ledger_sums' in one ? one.ledger_sums : []));
    const now = `${BigInt(then?.amount_minor ?? 0) + 7n} USD in minor units in ${then?.transfers} transfers`;
    expect(ledger.fault?.says).toContain(`then, ${now} now`);
  });

  test('a checkpoint whose sums are not those of its seals is found, though the hashes agree', async () => {
    const { audit, ledger } = await asOwner(url, (sql) => verifyAudit(sql));
    const sums = ledger.sums.map((sum) => ({ ...sum, transfers: sum.transfers + 1 }));
    const store = createDirectoryStore(directory);
    await writeCheckpoint(store, [key], { audit: audit.last, ledger: ledger.last, sums, nowMs: Date.now() });
    const { checkpoints } = await readCheckpoints(store, [key]);
    const { faults: found } = await asOwner(url, (sql) => verifyAudit(sql, checkpoints));
    expect(found).toMatchObject([{ chain: 'ledger', says: expect.stringContaining('has other sums') }]);
  });
});

describe('checkpoints', () => {
  const problems = async () => (await readCheckpoints(createDirectoryStore(directory), [key])).problems;

  test('of another key, or changed by a digit, are refused', async () => {
    const path = await checkpoint();
    const text = await readFile(path, 'utf8');
    await rm(path, { force: true });
    await writeFile(path, text.replace('"no": 30', '"no": 29'));
    expect(await problems()).toEqual([expect.stringContaining('checkpoint-00000001.json is not signed by this key')]);
    await rm(path, { force: true });
    await writeFile(path, text);
    const { privateKey: another } = generateKeyPairSync('ed25519');
    expect((await readCheckpoints(createDirectoryStore(directory), [another])).problems).toHaveLength(1);
    expect(await problems()).toEqual([]);
  });
});
