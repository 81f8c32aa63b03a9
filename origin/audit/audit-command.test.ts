// `npm run audit` as a person runs it, with checkpoints in a directory and in a bucket on a real S3 server.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import { beforeEach, expect, test } from 'vitest';
import { asOwner, createTestDatabase, ownerUrl } from '../../scripts/test-postgres.ts';
import { askMany, sampleMerchant } from '../../scripts/test-settlements.ts';
import { buckets } from '../../scripts/test-stores.ts';
import { openDatabase } from '../db/client.ts';
import { hasFailed, measureProofs, readLastProofs } from './last-proofs.ts';

let url: string;
let directory: string;

/** Events: a merchant, its destination and eight settlements. A seal: one credit. */
beforeEach(async () => {
  url = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'atlas-audit-'));
  const database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  await askMany(database, await sampleMerchant(database, 100n), 8);
  // Owed to it before anything cleared: as much is unassigned below nothing.
  await database.sql.query(
    `insert into unassigned_clearings (network_merchant_id, clearing_no, net_minor, clearings, authorization_ids)
     select 'IN-ADVANCE', ledger_account_no, -100, 0, '{}' from ledger_accounts where kind = 'network_clearing'`,
  );
  await database.close();
  return () => rm(directory, { recursive: true, force: true });
});

/** All triggers are off, as for a superuser who wants it so. */
const unseen = 'set session_replication_role = replica';
/** The newest event and the head above it, by the database's own functions: the chain agrees with itself. */
const rewritten = `${unseen};
  update audit_events set reason = 'nothing to see' where audit_no = 10;
  update audit_events e set hash = sha256('atlas audit event' || e.previous_hash || audit_content(e)) where audit_no = 10;
  update audit_head set hash = (select hash from audit_events where audit_no = 10)`;

const script = join(import.meta.dirname, '../../scripts/audit.ts');
const runIn = async (environment: Readonly<Record<string, string | undefined>>, ...words: string[]) => {
  const env = { ...process.env, DATABASE_URL: ownerUrl(url), ATLAS_HOME: directory, ...environment };
  return await promisify(execFile)(process.execPath, [script, ...words], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
};
const run = (...words: string[]) => runIn({}, ...words);

test('verifies, signs, and names the first bad row', async () => {
  expect(JSON.parse((await run('verify', '--json')).stdout)).toMatchObject({
    clean: true,
    audit_events: 10,
    ledger_seals: 1,
  });
  expect((await run('checkpoint')).stdout).toContain('signed');
  expect(await readdir(join(directory, 'checkpoints'))).toEqual(['checkpoint-00000001.json']);
  await asOwner(url, (sql) => sql.query(`${unseen}; update audit_events set actor = 'nobody' where audit_no = 7`));
  const { code, stdout } = await run('verify', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ clean: false, faults: [{ chain: 'audit', no: 7, problem: 'changed' }] });
  // What is wrong is not signed.
  expect((await run('checkpoint')).code).toBe(1);
  expect(await readdir(join(directory, 'checkpoints'))).toHaveLength(1);
});

test('goes on from the newest checkpoint, and says what it has not looked at', async () => {
  expect((await run('verify', '--since-checkpoint')).stderr).toContain('no checkpoint to go on from');
  await run('checkpoint');
  const { code, stdout } = await run('verify', '--since-checkpoint', '--json');
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { clean: true, since: { checkpoint_no: 1 }, audit_events: 0, ledger_transfers: 0, problems: [] },
  ]);
  expect((await run('verify', '--since-checkpoint')).stdout).toContain('is proved without --since-checkpoint');
  await asOwner(url, (sql) => sql.query(`${unseen}; delete from audit_events where audit_no = 10`));
  expect((await run('verify', '--since-checkpoint')).code).toBe(1);
});

test('X14: a chain that nobody has witnessed is not called proved, rewritten or not', async () => {
  for (const change of ['select 1', rewritten]) {
    await asOwner(url, (sql) => sql.query(change));
    const { code, stdout } = await run('verify', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([3, { clean: true, witnessed: false, witnessed_to: null }]);
    const said = await run('verify');
    expect(said.stdout).toContain('nobody has witnessed them');
    expect(said.stdout).not.toContain('nothing was changed');
  }
  expect((await run('checkpoint')).code).toBe(0);
  const { code, stdout } = await run('verify', '--json');
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { witnessed: true, witnessed_to: { audit_events: 10 } }]);
  expect((await run('verify')).stdout).toContain('nothing was changed');
});

const proved = async () => {
  const proofs = await asOwner(url, readLastProofs);
  return Object.fromEntries(proofs.map(({ kind, proved_at }) => [kind, proved_at !== null]));
};

test('a good run is noted, one that found something or was not witnessed is not, and a login that only reads says so', async () => {
  expect((await run('verify')).code).toBe(3);
  expect(await proved()).toEqual({ audit: false, cards: false, ledger: true });
  expect((await run('checkpoint')).code).toBe(0);
  expect(await proved()).toEqual({ audit: true, cards: false, ledger: true });
  const reader = `reader_${new URL(url).pathname.slice(1)}`;
  await asOwner(url, (sql) =>
    sql.query(`create role ${reader} login password 'reader'; grant pg_read_all_data to ${reader}`),
  );
  const asReader = new URL(url);
  [asReader.username, asReader.password] = [reader, 'reader'];
  const read = await runIn({ DATABASE_URL: asReader.href }, 'verify');
  expect([read.code, read.stdout]).toEqual([0, expect.stringContaining('not noted')]);
  const before = await asOwner(url, readLastProofs);
  await asOwner(url, (sql) => sql.query(`${unseen}; update audit_events set actor = 'nobody' where audit_no = 7`));
  expect((await run('verify')).code).toBe(1);
  const after = await asOwner(url, readLastProofs);
  const at = (proofs: typeof before, wanted: string) => proofs.find(({ kind }) => kind === wanted)?.proved_at;
  expect(at(after, 'audit')).toEqual(at(before, 'audit'));
  expect(after.filter(hasFailed).map(({ kind }) => kind)).toEqual(['audit']);
  expect(before.filter(hasFailed)).toEqual([]);
  // The balances are whole all the same.
  expect(at(after, 'ledger')?.getTime()).toBeGreaterThan(at(before, 'ledger')?.getTime() ?? Number.POSITIVE_INFINITY);
  const registry = new Registry();
  await asOwner(url, async (sql) => {
    measureProofs(registry, sql);
    const shown = await registry.getSingleMetricAsString('proof_failed');
    expect([shown.includes('proof_failed{of="audit"} 1'), shown.includes('proof_failed{of="ledger"} 0')]).toEqual([
      true,
      true,
    ]);
    await sql.query(`drop owned by ${reader}; drop role ${reader}`);
  });
});

test('a good run after one that found something ends it; one that began before does not', () => {
  const at = (seconds: number) => new Date(seconds * 1_000);
  expect(hasFailed({ failed_at: null, proved_at: null })).toBe(false);
  expect(hasFailed({ failed_at: at(1), proved_at: null })).toBe(true);
  expect(hasFailed({ failed_at: at(2), proved_at: at(1) })).toBe(true);
  expect(hasFailed({ failed_at: at(1), proved_at: at(2) })).toBe(false);
});

test('counts what a reader understands, in major units, and says what a fault means', async () => {
  const well = await run('verify');
  expect(well.stdout).toContain('audit events       10 good, 8 of them transitions');
  expect(well.stdout).toMatch(
    /^settlements {8}8, each in the state of its last transition\n +8 {3}queued {3}\d+\.\d\d USD$/m,
  );
  expect(well.stdout).toMatch(/^transfers {10}\d+ good, as they were sealed, in 1 seals$/m);
  expect(well.stdout).toMatch(/^ +1 {3}direct {3}\d+\.\d\d USD$/m);
  expect(JSON.parse((await run('verify', '--json')).stdout)).toMatchObject({
    counts: { settlements: [{ state: 'queued', currency: 'USD', count: 8 }], transitions: 8 },
  });
  await asOwner(url, (sql) => sql.query(`${unseen}; update audit_events set actor = 'nobody' where audit_no = 7`));
  const { code, stdout } = await run('verify');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^WRONG +event 7 is not what was sealed\n +that means: a row was edited after it was written/m,
  );
  expect(stdout).toContain('ops/runbooks/audit-not-proved.md');
  expect(stdout).not.toContain('each in the state');
});

test('a settlement whose state was changed past the service is found, although both chains are whole', async () => {
  await asOwner(url, (sql) =>
    sql.query(
      `${unseen}; update settlements set state = 'processing' where settlement_no = (select min(settlement_no) from settlements)`,
    ),
  );
  const { code, stdout } = await run('verify', '--json');
  const said = expect.stringMatching(/^settlement stl_\w{26} is in another state than its last transition/);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { clean: false, faults: [], problems: [said] }]);
});

test('a bucket that cannot be opened says what is missing', async () => {
  const given = { S3_ENDPOINT: 'https://s3.example.com', S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: '' };
  const { code, stderr } = await runIn(given, 'verify', '--checkpoints', 's3://audit');
  expect(code).toBe(1);
  expect(stderr).toContain('S3_ACCESS_KEY_ID: is not set, and --checkpoints needs it');
  expect(stderr).not.toContain('S3_ENDPOINT:');
});

test.runIf(buckets.isHere)('signs into a bucket, and verifies from there', async () => {
  const stores = await buckets.start();
  try {
    const place = `${stores.place()}/checkpoints`;
    const words = ['--checkpoints', place, '--json'];
    const { code, stdout } = await runIn(stores.environment, 'checkpoint', ...words);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { checkpoint: `${place}/checkpoint-00000001.json` }]);
    await asOwner(url, (sql) => sql.query(rewritten));
    const verified = await runIn(stores.environment, 'verify', ...words);
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([1, { faults: [{ problem: 'rewritten' }] }]);
  } finally {
    await stores.close();
  }
});
