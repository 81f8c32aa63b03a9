// The same request twice is one effect and one answer. Postgres decides: the key's row is written in the effect's own
// transaction, and an advisory lock keeps two with the same key apart. A cache may answer repeats faster; it is never believed
// without our own seal on what it says, and never asked whether something has not happened.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../../../contracts/problem.ts';
import type { Database, Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { decideTogether } from './idempotency-together.ts';

/** An answer as it went out, byte for byte. */
export interface StoredAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers repeats fast. May vanish, forget, be slow or lie: then it is only slower. Never throws. */
export interface AnswerCache {
  get(name: string): Promise<string | null>;
  set(name: string, text: string, ttlMs: number): Promise<void>;
}

export interface IdempotencyParts {
  readonly database: Database;
  readonly cache: AnswerCache | null;
  readonly ttlMs: number;
  /** Of what the cache keeps: the first seals, each is believed. */
  readonly sealingKeys: readonly string[];
  readonly onHit: (where: 'cache' | 'database') => void;
}

export interface IdempotentRequest {
  /** Whose: two callers may use the same key. */
  readonly owner: string;
  readonly route: string;
  readonly key: string;
  /** What makes two requests the same. */
  readonly content: string;
}

export type ReplayableAnswer = StoredAnswer & { readonly replayed: boolean };

export interface Idempotency {
  /** Runs the effect at most once for a key; a repeat gets the first answer. */
  once(
    request: IdempotentRequest,
    effect: (sql: Sql) => Promise<StoredAnswer>,
    refused: (refusal: Refusal) => StoredAnswer,
  ): Promise<ReplayableAnswer>;
  /**
   * As `once`, for what many ask at the same time: those that come while others are written share one transaction. The effect
   * answers each of them, in their order, a refusal too; where it throws, each is tried again alone.
   */
  together<T>(
    effect: (sql: Sql, items: readonly T[]) => Promise<readonly StoredAnswer[]>,
  ): (request: IdempotentRequest, item: T) => Promise<ReplayableAnswer>;
}

const keyShape = /^[\x21-\x7e]{1,255}$/;

/** The header's key: quoted, as the IETF draft has it (a structured field's string), or bare, as most send it. */
export function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const text = header.trim();
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1');
  const key = quoted ?? (text.startsWith('"') ? '' : text);
  if (!keyShape.test(key))
    throw refusal('idempotency_key_malformed', [
      { field: 'idempotency-key', problem: 'must be 1 to 255 printable characters without spaces, quoted or bare' },
    ]);
  return key;
}

/** Of its parts, which no other parts have. */
export function digest(...parts: readonly string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
}

export interface Key {
  readonly scope: Buffer;
  readonly fingerprint: Buffer;
}

export interface Decided {
  readonly replayed: boolean;
  readonly row: KeyRow;
}

export interface KeyRow extends StoredAnswer {
  readonly fingerprint: Buffer;
  readonly expires_at: Date;
}

/** `keys`: the first seals, each is believed. */
function sealOf(keys: readonly string[]) {
  const newestKey = keys[0] ?? '';
  if (newestKey === '') throw new Error('answers need a key that seals them');
  const sealWith = (key: string, name: string, text: string) =>
    createHmac('sha256', key).update(`${name}\n${text}`).digest('base64url');
  return {
    seal: (name: string, text: string) => sealWith(newestKey, name, text),
    isSealed: (given: string, name: string, text: string) =>
      keys.some((key) => {
        const [expected, found] = [Buffer.from(sealWith(key, name, text)), Buffer.from(given)];
        return found.length === expected.length && timingSafeEqual(found, expected);
      }),
  };
}

export function createIdempotency({ database, cache, ttlMs, sealingKeys, onHit }: IdempotencyParts): Idempotency {
  const { seal, isSealed } = sealOf(sealingKeys);

  async function cached(name: string, fingerprint: Buffer): Promise<StoredAnswer | null> {
    const kept = (await cache?.get(name)) ?? null;
    if (kept === null) return null;
    const [given = '', text = ''] = kept.split('\n', 2);
    if (!isSealed(given, name, text)) return null;
    const { f, s, b, h, until } = JSON.parse(text) as {
      f: string;
      s: number;
      b: string;
      h: Record<string, string>;
      until: number;
    };
    if (until < Date.now()) return null;
    if (f !== fingerprint.toString('base64')) throw refusal('idempotency_key_reused');
    return { status: s, body: Buffer.from(b, 'base64'), headers: h };
  }

  async function keep(name: string, { fingerprint, status, body, headers, expires_at }: KeyRow): Promise<void> {
    // As long as the row is good, and no longer: the row decides.
    const until = expires_at.getTime();
    const ttlLeftMs = until - Date.now();
    if (ttlLeftMs <= 0) return;
    const [f, b] = [fingerprint.toString('base64'), body.toString('base64')];
    const text = JSON.stringify({ f, s: status, b, h: headers, until });
    await cache?.set(name, `${seal(name, text)}\n${text}`, ttlLeftMs);
  }

  /** From the cache, or from where it is decided. */
  async function answered(
    request: IdempotentRequest,
    decide: (key: Key) => Promise<Decided>,
  ): Promise<ReplayableAnswer> {
    const scope = digest(request.owner, request.route, request.key);
    const name = `idempotency:${scope.toString('base64url')}`;
    const fingerprint = digest(request.content);
    const fast = await cached(name, fingerprint);
    if (fast !== null) {
      onHit('cache');
      return { ...fast, replayed: true };
    }
    const { replayed, row } = await decide({ scope, fingerprint });
    if (replayed) onHit('database');
    await keep(name, row);
    const { status, body, headers } = row;
    return { status, body, headers, replayed };
  }

  return {
    once: (request, effect, refused) =>
      answered(request, ({ scope, fingerprint }) =>
        database.transaction(async (sql) => {
          const before = await findOrLock(sql, scope);
          if (before !== null) return repeatOf(before, fingerprint);
          const answer = await effectOrRefusal(sql, effect, refused);
          return { replayed: false, row: await insertKey(sql, { scope, fingerprint, answer, ttlMs }) };
        }),
      ),
    together(effect) {
      const decide = decideTogether({ database, ttlMs, effect });
      return (request, item) => answered(request, (key) => decide(key, item));
    },
  };
}

function repeatOf(before: KeyRow, fingerprint: Buffer): Decided {
  if (!before.fingerprint.equals(fingerprint)) throw refusal('idempotency_key_reused');
  return { replayed: true, row: before };
}

/** The row, or null with the key locked until the transaction ends. In flight elsewhere: 409. */
async function findOrLock(sql: Sql, scope: Buffer): Promise<KeyRow | null> {
  const { rows } = await sql.query<{ locked: boolean }>({
    name: 'lock_idempotency_key',
    text: 'select pg_try_advisory_xact_lock($1::bigint) as locked',
    values: [scope.readBigInt64BE(0).toString()],
  });
  // A statement of its own, after the lock: it sees what whoever had the lock before has committed.
  const found = await sql.query<KeyRow & { over: boolean }>({
    name: 'find_idempotency_key',
    text: `select fingerprint, status, body, headers, expires_at, expires_at <= now() as over
           from idempotency_keys where scope_hash = $1`,
    values: [scope],
  });
  const [row] = found.rows;
  if (row !== undefined && !row.over) return row;
  if (rows[0]?.locked !== true) throw refusal('request_in_flight');
  if (row === undefined) return null;
  await sql.query({
    name: 'expire_idempotency_key',
    text: 'delete from idempotency_keys where scope_hash = $1',
    values: [scope],
  });
  return null;
}

interface NewKey extends Key {
  readonly answer: StoredAnswer;
  readonly ttlMs: number;
}

async function insertKey(sql: Sql, { scope, fingerprint, answer, ttlMs }: NewKey): Promise<KeyRow> {
  const { rows } = await sql.query<{ expires_at: Date }>({
    name: 'insert_idempotency_key',
    text: `insert into idempotency_keys (scope_hash, fingerprint, status, body, headers, expires_at)
           values ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond') returning expires_at`,
    values: [scope, fingerprint, answer.status, answer.body, answer.headers, ttlMs],
  });
  return { ...answer, fingerprint, expires_at: rows[0]?.expires_at ?? new Date(0) };
}

/** A refusal is an answer too, and repeated: what the effect had done until then is undone. A failure of ours is none. */
async function effectOrRefusal(
  sql: Sql,
  effect: (sql: Sql) => Promise<StoredAnswer>,
  refused: (refusal: Refusal) => StoredAnswer,
): Promise<StoredAnswer> {
  await sql.query('savepoint effect');
  try {
    return await effect(sql);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status >= 500) throw error;
    await sql.query('rollback to savepoint effect');
    return refused(error);
  }
}
