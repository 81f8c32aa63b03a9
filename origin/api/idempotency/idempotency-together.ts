// The same request twice is one effect and one answer, for many requests in one transaction: what waits while others are written
// shares the next commit, so that what each effect locks until the commit is locked once for all. See idempotency.ts.

import { Refusal } from '../../../contracts/problem.ts';
import { Batcher } from '../../batcher.ts';
import type { Database, Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import type { Decided, Key, KeyRow, StoredAnswer } from './idempotency.ts';

export interface TogetherParts<T> {
  readonly database: Database;
  readonly ttlMs: number;
  readonly effect: (sql: Sql, items: readonly T[]) => Promise<readonly StoredAnswer[]>;
}

interface Waiting<T> extends Key {
  readonly item: T;
  /** Once it is committed. */
  decided: Decided | Refusal | null;
}

/** Two: while one waits for the disk, the next is written. */
const bounds = { sizeMax: 200, waitMsMax: 2, underWayMax: 2 };

export function decideTogether<T>(parts: TogetherParts<T>): (key: Key, item: T) => Promise<Decided> {
  const batcher = new Batcher<Waiting<T>>({ ...bounds, store: (batch) => store(parts, batch) });
  return async (key, item) => {
    const waiting: Waiting<T> = { ...key, item, decided: null };
    await batcher.add(waiting);
    if (waiting.decided === null || waiting.decided instanceof Refusal)
      throw waiting.decided ?? new Error('a request was neither answered nor refused');
    return waiting.decided;
  };
}

async function store<T>(parts: TogetherParts<T>, batch: readonly Waiting<T>[]): Promise<void> {
  const decided = await parts.database.transaction((sql) => decide(sql, parts, batch));
  for (const [index, waiting] of batch.entries()) waiting.decided = decided[index] ?? null;
}

async function decide<T>(sql: Sql, { effect, ttlMs }: TogetherParts<T>, batch: readonly Waiting<T>[]) {
  const found = await lockAndFind(sql, batch);
  const names = new Set<string>();
  const decided: (Decided | Refusal | null)[] = batch.map(({ scope, fingerprint }, index) => {
    const { before = null, locked = false } = found[index] ?? {};
    const name = scope.toString('hex');
    // The first of two in one batch is at work, as far as the second can tell.
    const isSecond = names.has(name);
    names.add(name);
    if (before !== null)
      return before.fingerprint.equals(fingerprint)
        ? { replayed: true, row: before }
        : refusal('idempotency_key_reused');
    return locked && !isSecond ? null : refusal('request_in_flight');
  });
  const fresh = batch.flatMap((waiting, index) => (decided[index] === null ? [{ ...waiting, index }] : []));
  if (fresh.length === 0) return decided;
  const answers = await effect(
    sql,
    fresh.map(({ item }) => item),
  );
  const expires_at = await insertKeys(sql, fresh, { answers, ttlMs });
  for (const [place, { index, fingerprint }] of fresh.entries()) {
    const answer = answers[place];
    if (answer !== undefined) decided[index] = { replayed: false, row: { ...answer, fingerprint, expires_at } };
  }
  return decided;
}

interface Found {
  readonly before: KeyRow | null;
  readonly locked: boolean;
}

/** Locks are tried and never waited for, so that two batches which share keys do not wait for each other. */
async function lockAndFind(sql: Sql, keys: readonly Key[]): Promise<Found[]> {
  const scopes = keys.map(({ scope }) => scope);
  const { rows: locks } = await sql.query<{ locked: boolean }>({
    name: 'lock_idempotency_keys',
    text: `select pg_try_advisory_xact_lock(key) as locked from unnest($1::bigint[]) with ordinality as asked (key, place)
           order by place`,
    values: [scopes.map((scope) => scope.readBigInt64BE(0).toString())],
  });
  // A statement of its own, after the locks: it sees what whoever had them before has committed.
  const { rows } = await sql.query<KeyRow & { scope_hash: Buffer; over: boolean }>({
    name: 'find_idempotency_keys',
    text: `select scope_hash, fingerprint, status, body, headers, expires_at, expires_at <= now() as over
           from idempotency_keys where scope_hash = any($1::bytea[])`,
    values: [scopes],
  });
  const known = new Map(rows.map((row) => [row.scope_hash.toString('hex'), row]));
  const found = scopes.map((scope, index) => {
    const row = known.get(scope.toString('hex'));
    return { before: row === undefined || row.over ? null : row, locked: locks[index]?.locked === true, row };
  });
  const over = found.flatMap(({ row, locked }) => (row?.over && locked ? [row.scope_hash] : []));
  if (over.length > 0)
    await sql.query({
      name: 'expire_idempotency_keys',
      text: 'delete from idempotency_keys where scope_hash = any($1::bytea[])',
      values: [over],
    });
  return found;
}

interface Answers {
  readonly answers: readonly StoredAnswer[];
  readonly ttlMs: number;
}

/** Returns until when they are good: of one transaction, all alike. */
async function insertKeys(sql: Sql, keys: readonly Key[], { answers, ttlMs }: Answers): Promise<Date> {
  const { rows } = await sql.query<{ expires_at: Date }>({
    name: 'insert_idempotency_keys',
    text: `insert into idempotency_keys (scope_hash, fingerprint, status, body, headers, expires_at)
           select scope_hash, fingerprint, status, body, headers::jsonb, now() + $6 * interval '1 millisecond'
           from unnest($1::bytea[], $2::bytea[], $3::int[], $4::bytea[], $5::text[])
             as answered (scope_hash, fingerprint, status, body, headers)
           returning expires_at`,
    values: [
      keys.map(({ scope }) => scope),
      keys.map(({ fingerprint }) => fingerprint),
      answers.map(({ status }) => status),
      answers.map(({ body }) => body),
      answers.map(({ headers }) => JSON.stringify(headers)),
      ttlMs,
    ],
  });
  if (rows.length !== keys.length) throw new Error(`${rows.length} of ${keys.length} idempotency keys were written`);
  return rows[0]?.expires_at ?? new Date(0);
}
