// The audit trail off the host: what a loop writes, a command verifies without the database.

import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { buckets } from '../../scripts/test-stores.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createDirectoryStore } from '../object-store/directory-store.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { openObjectStore, readS3Environment } from '../object-store/open-object-store.ts';
import { recordAuditEvents } from './audit-event.ts';
import { readCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { createExportLoop } from './export-loop.ts';
import { verifyAudit } from './verify-audit.ts';
import { verifyExport } from './verify-export.ts';

const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');
const log = pino({ level: 'silent' });
const minuteMs = 60_000;

let url: string;
let directory: string;
let database: Database;
let store: ObjectStore;
beforeEach(async () => {
  url = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'atlas-export-'));
  store = createDirectoryStore(directory);
  database = openDatabase({ url, poolMax: 5, onIdleError: () => {} });
  return async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  };
});

async function append(count: number, reason = 'Grüße "|,"'): Promise<void> {
  await recordAuditEvents(
    database.sql,
    Array.from({ length: count }, (_, n) => {
      const by = { actor: 'akey_1', correlation_id: 'req_1' };
      return {
        ...by,
        action: 'card.changed',
        subject: `card_${n}`,
        merchant_id: n % 2 === 0 ? null : 'mrch_1',
        reason,
      };
    }),
  );
}

/** Rounds of a process that starts now, until nothing is left that is older than a minute. */
async function exportAll(over: Partial<Parameters<typeof createExportLoop>[0]> = {}): Promise<void> {
  const loop = createExportLoop({ database, store, log, now: () => Date.now() + minuteMs, ...over });
  loop.start();
  await expect
    .poll(() => loop.state().last_success_at_ms !== null || loop.state().failures > 0, { timeout: 30_000 })
    .toBe(true);
  await loop.stop();
  if (loop.state().failures > 0) throw new Error(loop.state().last_error ?? '');
}

async function sign(): Promise<void> {
  const { audit, ledger } = await asOwner(url, (sql) => verifyAudit(sql));
  await writeCheckpoint(store, [key], { audit: audit.last, ledger: ledger.last, sums: ledger.sums, nowMs: Date.now() });
}
const prove = async (place: ObjectStore = store) =>
  verifyExport(place, (await readCheckpoints(place, [key])).checkpoints);
const files = async () => (await readdir(join(directory, 'events'))).toSorted();

describe('what is exported', () => {
  test('is every event once, from where the newest file ends, however often the process starts', async () => {
    await append(7);
    await exportAll();
    await exportAll();
    await append(3);
    await exportAll();
    await append(5_002);
    await exportAll();
    await exportAll();
    expect(await files()).toEqual(
      ['000000000001', '000000000008', '000000000011', '000000005011'].map((no) => `${no}.jsonl.gz`),
    );
    await sign();
    expect(await prove()).toMatchObject({ files: 4, links: 5_012, fault: null });
    const { rows } = await database.sql.query<{ hash: Buffer }>(
      'select hash from audit_events order by audit_no desc limit 1',
    );
    expect((await prove()).last.hash).toEqual(rows[0]?.hash);
  });

  test('is byte for byte the same, whoever writes it', async () => {
    await append(20);
    await exportAll();
    const other = await mkdtemp(join(tmpdir(), 'atlas-export-'));
    await exportAll({ store: createDirectoryStore(other) });
    const name = join('events', '000000000001.jsonl.gz');
    expect(await readFile(join(other, name))).toEqual(await readFile(join(directory, name)));
    await rm(other, { recursive: true });
  });

  test('is written once by processes that start together', async () => {
    await append(40);
    await Promise.all(Array.from({ length: 8 }, () => exportAll()));
    await sign();
    expect(await prove()).toMatchObject({ files: 1, links: 40, fault: null });
  });

  test('waits a minute for others of its file, and tells by how much it lags', async () => {
    await append(1);
    const loop = createExportLoop({ database, store, log });
    expect(await loop.lagMs()).toBe(null);
    loop.start();
    await expect.poll(() => loop.state().last_success_at_ms, { timeout: 30_000 }).not.toBe(null);
    expect(await store.list('events')).toEqual([]);
    expect(await loop.lagMs()).toBeGreaterThanOrEqual(0);
    await loop.stop();
    await exportAll();
    expect(await files()).toHaveLength(1);
  });

  test('is nothing that does not continue what lies there: the past was rewritten, and the loop fails', async () => {
    await append(5);
    await exportAll();
    await append(5);
    await asOwner(url, (sql) =>
      sql.query(`set session_replication_role = replica;
        update audit_events set previous_hash = sha256('another') where audit_no = 6;
        update audit_events e set hash = sha256('atlas audit event' || e.previous_hash || audit_content(e)) where audit_no = 6`),
    );
    await expect(exportAll()).rejects.toThrow('does not continue what was exported: event 6');
    expect(await files()).toHaveLength(1);
  });

  test.runIf(buckets.isHere)('lies in a bucket as in a directory', async () => {
    const stores = await buckets.start();
    try {
      const bucket = openObjectStore(
        { setting: 'AUDIT_CHECKPOINTS', place: stores.place() },
        readS3Environment(stores.environment),
      );
      await append(12);
      await exportAll({ store: bucket });
      await exportAll({ store: bucket });
      expect(await prove(bucket)).toMatchObject({ files: 1, links: 12, fault: null });
    } finally {
      await stores.close();
    }
  });
});

type Line = Record<string, unknown>;

/** The lines of a file as somebody leaves them who may write there. */
async function edit(name: string, change: (lines: Line[]) => readonly Line[]): Promise<void> {
  const path = join(directory, 'events', name);
  const lines = gunzipSync(await readFile(path))
    .toString()
    .trimEnd()
    .split('\n');
  const changed = change(lines.map((line) => JSON.parse(line) as Line));
  await chmod(path, 0o644);
  await writeFile(path, gzipSync(changed.map((line) => `${JSON.stringify(line)}\n`).join('')));
}
const first = '000000000001.jsonl.gz';
const second = '000000000011.jsonl.gz';

describe('what was done to the export is found, and the first bad row named', () => {
  beforeEach(async () => {
    await append(10);
    await exportAll();
    await append(10);
    await exportAll();
    await sign();
    expect(await prove()).toMatchObject({ files: 2, links: 20, fault: null });
  });

  const done: readonly (readonly [string, number, string, () => Promise<void>])[] = [
    ['a row changed', 4, 'changed', () => edit(first, (rows) => rows.with(3, { ...rows[3], actor: 'nobody' }))],
    [
      'a row changed with its hash',
      4,
      'changed',
      () => edit(first, (rows) => rows.with(3, { ...rows[3], hash: 'a'.repeat(64) })),
    ],
    ['a row taken out', 4, 'missing', () => edit(first, (rows) => rows.toSpliced(3, 1))],
    ['a row put in twice', 5, 'missing', () => edit(first, (rows) => rows.toSpliced(3, 0, rows[3] ?? {}))],
    [
      'two rows exchanged',
      4,
      'missing',
      () => edit(first, (rows) => rows.with(3, rows[4] ?? {}).with(4, rows[3] ?? {})),
    ],
    ['a member more', 1, 'changed', () => edit(first, (rows) => rows.with(3, { ...rows[3], note: '' }))],
    ['the first file gone', 1, 'missing', () => rm(join(directory, 'events', first))],
    ['the last file gone', 11, 'missing', () => rm(join(directory, 'events', second))],
    ['the tail cut', 20, 'missing', () => edit(second, (rows) => rows.slice(0, -1))],
    [
      'a file renamed',
      11,
      'missing',
      () => rename(join(directory, 'events', second), join(directory, 'events', '000000000012.jsonl.gz')),
    ],
    ['a file more', 10, 'inserted', () => writeFile(join(directory, 'events', '000000000005.jsonl.gz'), '')],
    ['another file', 0, 'inserted', () => writeFile(join(directory, 'events', 'note.txt'), '')],
    [
      'a file that is no archive',
      11,
      'changed',
      async () => {
        await chmod(join(directory, 'events', second), 0o644);
        await writeFile(join(directory, 'events', second), 'x');
      },
    ],
  ];
  test.each(done)('%s: event %d, %s', async (_, no, problem, change) => {
    await change();
    expect((await prove()).fault).toMatchObject({ no, problem });
  });

  test('a chain rewritten from some row on agrees with itself, and not with the checkpoint', async () => {
    await asOwner(url, (sql) =>
      sql.query(`set session_replication_role = replica;
        update audit_events set reason = 'nothing to see' where audit_no = 20;
        update audit_events e set hash = sha256('atlas audit event' || e.previous_hash || audit_content(e)) where audit_no = 20`),
    );
    await rm(join(directory, 'events', second));
    await exportAll();
    expect((await prove()).fault).toMatchObject({ no: 1, problem: 'rewritten' });
  });

  test('the command does so without a database', async () => {
    const AUDIT_PUBLIC_KEY = String(publicKey.export({ type: 'spki', format: 'pem' }));
    const run = async () => {
      const script = join(import.meta.dirname, '../../scripts/audit.ts');
      const words = [script, 'verify', '--export', directory, '--json'];
      const env = { ...process.env, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none', AUDIT_PUBLIC_KEY };
      const ran = promisify(execFile)(process.execPath, words, { env }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        (error: { code: number; stdout: string }) => error,
      );
      const { code, stdout } = await ran;
      return [code, JSON.parse(stdout)];
    };
    expect(await run()).toMatchObject([0, { clean: true, witnessed: true, files: 2, audit_events: 20, faults: [] }]);
    await edit(first, (rows) => rows.with(3, { ...rows[3], actor: 'nobody' }));
    expect(await run()).toMatchObject([1, { clean: false, faults: [{ chain: 'audit', no: 4, problem: 'changed' }] }]);
    for (const name of await readdir(directory)) if (name.startsWith('checkpoint')) await rm(join(directory, name));
    expect(await run()).toMatchObject([1, { witnessed: false }]);
  });
});
