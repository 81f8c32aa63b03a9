// The hourly witness over a real database, with a clock of its own.

import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { askMany, sampleMerchant } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import type { Loop } from '../loop.ts';
import { createDirectoryStore } from '../object-store/directory-store.ts';
import { sha256 } from './chain.ts';
import { readCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { createCheckpointLoop } from './checkpoint-loop.ts';
import { verifyAudit } from './verify-audit.ts';

const { privateKey: key } = generateKeyPairSync('ed25519');
const hourMs = 3_600_000;
let url: string;
let directory: string;
let database: Database;

beforeEach(async () => {
  url = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'atlas-witness-'));
  database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  await askMany(database, await sampleMerchant(database, 100n), 8);
  return async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  };
});

const loopAt = (nowMs: number, place = directory): Loop =>
  createCheckpointLoop({
    database,
    store: createDirectoryStore(place),
    keys: [key],
    log: pino({ level: 'silent' }),
    now: () => nowMs,
  });

/** One round of a process that starts now. */
async function round(loop: Loop): Promise<Loop> {
  loop.start();
  await expect.poll(() => loop.state().last_success_at_ms !== null || loop.state().failures > 0).toBe(true);
  await loop.stop();
  return loop;
}
const witnessed = () => readCheckpoints(createDirectoryStore(directory), [key]);

test('X14: each hour what is there is witnessed, once however many processes there are', async () => {
  const atMs = Date.parse('2026-11-20T10:00:00Z');
  await round(loopAt(atMs));
  await round(loopAt(atMs + 60_000));
  await Promise.all([round(loopAt(atMs + hourMs - 1)), round(loopAt(atMs + hourMs - 1))]);
  expect(await readdir(directory)).toHaveLength(1);
  await askMany(database, await sampleMerchant(database, 100n), 2);
  await round(loopAt(atMs + hourMs));
  const { checkpoints, problems } = await witnessed();
  expect(problems).toEqual([]);
  expect(checkpoints.map(({ audit, ledger }) => [audit.no, ledger.no])).toEqual([
    [10, 1],
    [14, 2],
  ]);
  expect(await asOwner(url, (sql) => verifyAudit(sql, checkpoints))).toMatchObject({ faults: [] });
});

test('X14: of an empty database nothing is signed; and a checkpoint of one agrees with all that comes after it', async () => {
  const atMs = Date.parse('2026-11-20T10:00:00Z');
  const empty = openDatabase({ url: await createTestDatabase(), poolMax: 2, onIdleError: () => {} });
  const store = createDirectoryStore(directory);
  await round(
    createCheckpointLoop({ database: empty, store, keys: [key], log: pino({ level: 'silent' }), now: () => atMs }),
  );
  await empty.close();
  expect(await readdir(directory)).toEqual([]);

  const [audit, ledger] = ['atlas audit', 'atlas ledger'].map((name) => ({ no: 0, hash: sha256(name) }));
  if (audit === undefined || ledger === undefined) throw new Error('not reached');
  await writeCheckpoint(store, [key], { audit, ledger, sums: [], nowMs: atMs });
  await round(loopAt(atMs + hourMs));
  const { checkpoints } = await witnessed();
  expect(checkpoints.map(({ audit: { no } }) => no)).toEqual([0, 10]);
  expect(await asOwner(url, (sql) => verifyAudit(sql, checkpoints))).toMatchObject({ faults: [] });
  const others = checkpoints.map((checkpoint) => ({ ...checkpoint, audit: { no: 0, hash: 'ab'.repeat(32) } }));
  const { faults } = await asOwner(url, (sql) => verifyAudit(sql, others));
  expect(faults).toMatchObject([
    { chain: 'audit', problem: 'rewritten', says: expect.stringContaining('the beginning is not that of') },
  ]);
});

test('X14: a past that was rewritten stops the witness, and says so', async () => {
  const atMs = Date.parse('2026-11-20T10:00:00Z');
  await round(loopAt(atMs));
  await asOwner(url, (sql) =>
    sql.query(
      `set session_replication_role = replica; update audit_events set hash = sha256('mine') where audit_no = 10`,
    ),
  );
  const loop = await round(loopAt(atMs + hourMs));
  expect(loop.state()).toMatchObject({ failures: 1, last_error: expect.stringContaining('the past was changed') });
  expect(await readdir(directory)).toHaveLength(1);
});

test('X14: where nothing can be written, or the checkpoints are not in order, the loop says so, and how old the newest is', async () => {
  const atMs = Date.parse('2026-11-20T10:00:00Z');
  const stranger = join(directory, 'others');
  await mkdir(stranger);
  const { privateKey } = generateKeyPairSync('ed25519');
  await round(
    createCheckpointLoop({
      database,
      store: createDirectoryStore(stranger),
      keys: [privateKey],
      log: pino({ level: 'silent' }),
      now: () => atMs,
    }),
  );
  const refused = await round(loopAt(atMs + hourMs, stranger));
  expect(refused.state().last_error).toContain('not signed by this key');

  const loop = await round(loopAt(atMs));
  expect(await loop.lagMs()).toBe(0);
  await rm(join(directory, 'checkpoint-00000001.json'));
  await mkdir(join(directory, 'checkpoint-00000001.json'));
  const broken = await round(loopAt(atMs + hourMs));
  expect(broken.state()).toMatchObject({ failures: 1 });
});

test('sums of the ledger are carried from one checkpoint to the next, and are those of all its transfers', async () => {
  const atMs = Date.parse('2026-11-20T10:00:00Z');
  for (let hour = 0; hour < 3; hour += 1) {
    await round(loopAt(atMs + hour * hourMs));
    await sampleMerchant(database, 250n);
    await sampleMerchant(database, 30n, { currency: 'EUR' });
  }
  const { checkpoints } = await witnessed();
  const told = checkpoints.map((one) => ('ledger_sums' in one ? one.ledger_sums : null));
  expect(told[0]).toEqual([{ currency: 'USD', transfers: 1, amount_minor: '100' }]);
  expect(told[2]).toEqual([
    { currency: 'EUR', transfers: 2, amount_minor: '60' },
    { currency: 'USD', transfers: 3, amount_minor: '600' },
  ]);
  expect(await asOwner(url, (sql) => verifyAudit(sql, checkpoints))).toMatchObject({ faults: [] });
});

test('a new key signs at once, and not only when the hour is over', async () => {
  const atMs = Date.parse('2026-11-20T10:00:00Z');
  const { privateKey: next } = generateKeyPairSync('ed25519');
  const common = { database, store: createDirectoryStore(directory), log: pino({ level: 'silent' }), now: () => atMs };
  await round(createCheckpointLoop({ ...common, keys: [key] }));
  for (let again = 0; again < 2; again += 1) await round(createCheckpointLoop({ ...common, keys: [next, key] }));
  expect(await readdir(directory)).toHaveLength(2);
  // The former one may go now.
  expect((await readCheckpoints(common.store, [next])).problems).toEqual([]);
  expect((await round(createCheckpointLoop({ ...common, keys: [next] }))).state().failures).toBe(0);
});
