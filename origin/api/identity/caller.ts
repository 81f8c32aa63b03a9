// Who is calling, and what they may do: an operator's key for everything, a partner's for what is its merchant's.
// Keys are 256 random bits, kept as SHA-256: what cannot be guessed needs no slow hash.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { secretsIn } from '../../../contracts/secret-strength.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import type { ClientAddress } from '../http/client-address.ts';
import type { Guesses } from './guesses.ts';

export const scopes = [
  'settlements:read',
  'settlements:write',
  'merchants:read',
  'merchants:write',
  'webhooks:read',
  'webhooks:write',
  'open_items:read',
  'open_items:write',
  'dead_letters:read',
  'dead_letters:write',
  'keys:read',
  'keys:write',
  'cards:read',
  'cards:write',
  'companies:read',
  'companies:write',
  'controls:read',
  'controls:write',
  'ledger:read',
  'ledger:write',
  'audit:read',
] as const;
export type Scope = (typeof scopes)[number];

/** What a partner's own key may have: the rest is the operator's. */
export const merchantScopes: readonly Scope[] = [
  'settlements:read',
  'settlements:write',
  'merchants:read',
  'webhooks:read',
  'webhooks:write',
];

export interface Caller {
  readonly api_key_id: string;
  /** Null: an operator, who sees every merchant. */
  readonly merchant_id: string | null;
  readonly scopes: ReadonlySet<string>;
}

export interface Callers {
  /** Throws where the key is missing, wrong, expired or revoked, or where the address has guessed too often. */
  identify(authorization: string | undefined, address?: ClientAddress): Promise<Caller>;
  /** Forgets what is remembered of a key. Call it when its revocation is committed: before that it would be read again. */
  forget(apiKeyId: string): void;
}

/** How long a key is remembered, good or wrong: a change made in another process is felt after this at the latest. */
const rememberedMs = 2_000;
const rememberedMax = 10_000;
/** How long a key that was good is looked for although its address has guessed too often. */
const wasGoodMs = 24 * 3_600_000;
/** How often the keys that were good are read, while somebody guesses: a key that was made meanwhile is kept out for so long. */
const goodReadMs = 10_000;

function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** RFC 9110 section 11.4: a scheme in any case, spaces, and one word. */
const bearer = /^bearer +([^\s,]+)$/i;
const keyShape = /^atlas_[\w-]{43}$/;

/** `atlas_` and 256 random bits. Shown once; kept as its hash. */
export function newApiKey(): { key: string; hash: Buffer; shown: string } {
  const key = `atlas_${randomBytes(32).toString('base64url')}`;
  return { key, hash: hashOfKey(key), shown: key.slice(0, 12) };
}

export interface CallersParts {
  readonly sql: Sql;
  /** The operator's own key, or several with spaces while it changes. */
  readonly rootKeys: string;
  readonly guesses: Guesses;
  readonly now?: () => number;
}

export function createCallers({ sql, rootKeys, guesses, now = Date.now }: CallersParts): Callers {
  const rootHashes = secretsIn(rootKeys).map(hashOfKey);
  const root: Caller = { api_key_id: 'akey_root', merchant_id: null, scopes: new Set(scopes) };
  /** Null: there is no such key. */
  const remembered = new Map<string, { caller: Caller | null; untilMs: number }>();
  const wasGood = new Map<string, number>();
  let good = { untilMs: Number.NEGATIVE_INFINITY, read: Promise.resolve() };
  let forgotten = 0;

  const isGood = (name: string) => (wasGood.get(name) ?? 0) > now();

  /** Of a key whose address may guess no more. This process may have started after it was used last: true, or refused. */
  async function isGoodElsewhere(name: string): Promise<true> {
    if (now() >= good.untilMs) good = { untilMs: now() + goodReadMs, read: readGood() };
    await good.read;
    if (!isGood(name)) throw refusal('too_many_attempts');
    return true;
  }

  async function readGood(): Promise<void> {
    for (const hash of await goodWithinADay(sql)) wasGood.set(hash.toString('base64'), now() + wasGoodMs);
  }

  /** In the database. A wrong key costs its address a place, and each new key does until it is known. */
  async function look(hash: Buffer, name: string, address: ClientAddress): Promise<Caller | null> {
    const isKnown = isGood(name) || (!guesses.take(address) && (await isGoodElsewhere(name)));
    let isWrong = false;
    try {
      const caller = await find(sql, hash);
      isWrong = caller === null;
      if (wasGood.size >= rememberedMax) wasGood.clear();
      if (isWrong) wasGood.delete(name);
      else wasGood.set(name, now() + wasGoodMs);
      return caller;
    } finally {
      if (!isKnown && !isWrong) guesses.giveBack(address);
    }
  }

  return {
    async identify(authorization, address = { network: 'unknown' }) {
      const [, key] = bearer.exec(authorization ?? '') ?? [];
      if (key === undefined) throw refusal('credentials_wrong');
      const hash = hashOfKey(key);
      // All are compared, so that the time says nothing of which one it was.
      if (rootHashes.filter((rootHash) => timingSafeEqual(hash, rootHash)).length > 0) return root;
      // What cannot be a key is not looked for, and counts all the same: the operator's own key may have any shape, and be guessed.
      if (!keyShape.test(key)) throw refusal(guesses.take(address) ? 'credentials_wrong' : 'too_many_attempts');
      const name = hash.toString('base64');
      const known = remembered.get(name);
      if (known !== undefined && known.untilMs > now()) return goodOrRefused(known.caller);
      const forgottenBefore = forgotten;
      // From before the read: what it says may be over by the time that a slow one answers.
      const untilMs = now() + rememberedMs;
      const caller = await look(hash, name, address);
      if (remembered.size >= rememberedMax) remembered.clear();
      // What was read while a key was changed may be from before that.
      if (forgotten === forgottenBefore) remembered.set(name, { caller, untilMs });
      return goodOrRefused(caller);
    },
    forget(apiKeyId) {
      forgotten += 1;
      for (const [name, { caller }] of remembered)
        if (caller === null || caller.api_key_id === apiKeyId) remembered.delete(name);
    },
  };
}

function goodOrRefused(caller: Caller | null): Caller {
  if (caller === null) throw refusal('credentials_wrong');
  return caller;
}

async function find(sql: Sql, hash: Buffer): Promise<Caller | null> {
  const { rows } = await sql.query<{ api_key_id: string; merchant_id: string | null; scopes: string[] }>({
    name: 'find_api_key',
    // Written at most once a minute: a busy key must not become a hot row.
    text: `with found as (
             select api_key_id, merchant_id, scopes from api_keys
             where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())
           ), used as (
             update api_keys set last_used_at = now() from found
             where api_keys.api_key_id = found.api_key_id
               and (last_used_at is null or last_used_at < now() - interval '1 minute')
           )
           select * from found`,
    values: [hash],
  });
  const [row] = rows;
  if (row === undefined) return null;
  return { api_key_id: row.api_key_id, merchant_id: row.merchant_id, scopes: new Set(row.scopes) };
}

/** Hashes of the keys that were used or made within a day, the newest first. */
async function goodWithinADay(sql: Sql): Promise<readonly Buffer[]> {
  const { rows } = await sql.query<{ key_hash: Buffer }>(
    `select key_hash from api_keys
     where revoked_at is null and (expires_at is null or expires_at > now())
       and coalesce(last_used_at, created_at) > now() - interval '1 day'
     order by coalesce(last_used_at, created_at) desc limit $1`,
    [rememberedMax],
  );
  return rows.map(({ key_hash }) => key_hash);
}

export function requireScope(caller: Caller, scope: Scope, forMerchants: boolean): void {
  if (!caller.scopes.has(scope) || (caller.merchant_id !== null && !forMerchants))
    throw refusal('scope_missing', [{ field: 'authorization', problem: `needs a key with the scope ${scope}` }]);
}

/** Another merchant's is not there at all. */
export function sees(caller: Caller, merchantId: string): boolean {
  return caller.merchant_id === null || caller.merchant_id === merchantId;
}
