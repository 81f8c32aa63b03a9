// An hourly checkpoint: how long both chains are, signed, in a place that the database's owner cannot write to. Whoever rewrites the
// past afterwards has this against them; without it nobody has witnessed anything.

import type { Logger } from 'pino';
import type { Database, Sql } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { Link } from './chain.ts';
import { type Checkpoint, type NewestCheckpoint, newestCheckpoint, sumsOf, writeCheckpoint } from './checkpoint.ts';
import { noteIfSetBack } from './database-set-back.ts';
import { sumsUpTo } from './ledger-sums.ts';
import { type AuditKeys, idOf } from './signing-key.ts';

const hourMs = 3_600_000;
/** How often it looks whether the hour is over, or there is a first thing to witness. */
const lookEveryMs = 10_000;

export interface CheckpointLoopParts {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly keys: AuditKeys;
  readonly log: Logger;
  readonly now?: () => number;
}

export function createCheckpointLoop({ database, store, keys, log, now = Date.now }: CheckpointLoopParts): Loop {
  /** When the newest was made; null: not known yet, or there is none. */
  let madeAtMs: number | null = null;
  return createLoop({
    name: 'audit checkpoints',
    log,
    intervalMs: lookEveryMs,
    lagMs: () => Promise.resolve(madeAtMs === null ? null : Math.max(0, now() - madeAtMs)),
    async round() {
      if (madeAtMs !== null && now() - madeAtMs < hourMs) return false;
      const newest = await newestCheckpoint(store, keys);
      if (newest !== null) {
        if (await noteIfSetBack(database.sql, newest.checkpoint))
          log.error(
            { checkpoint_no: newest.checkpoint.checkpoint_no },
            'the database was set back; no payout is begun',
          );
        madeAtMs = Date.parse(newest.checkpoint.made_at);
        // Another process of ours was here within the hour. A new key signs at once: from then on the former one may go.
        if (now() - madeAtMs < hourMs && newest.signer === idOf(keys[0])) return false;
        await requireUnchanged(database.sql, newest.checkpoint);
      }
      const heads = await readHeads(database.sql);
      // An empty database: nothing is witnessed yet, and that is what `verify` should say.
      if (heads.audit.no === 0 && heads.ledger.no === 0) return false;
      const sums = await sumsAt(database.sql, heads.ledger.no, newest);
      const name = await writeCheckpoint(store, keys, { ...heads, sums, nowMs: now() });
      madeAtMs = now();
      log.info(
        { checkpoint: name, key_id: idOf(keys[0]), audit_no: heads.audit.no, seal_no: heads.ledger.no },
        'checkpoint signed',
      );
      return false;
    },
  });
}

/** From those that the newest checkpoint has, where it has any: then only what was booked since is read. */
async function sumsAt(sql: Sql, sealNo: number, newest: NewestCheckpoint | null) {
  const sums = newest === null ? null : sumsOf(newest.checkpoint);
  const before = newest?.checkpoint.ledger.no ?? 0;
  return await sumsUpTo(sql, sealNo, sums === null ? undefined : { sealNo: before, sums });
}

/** One look: whether the two links that were witnessed last are still what they were. `verify` looks at all. */
async function requireUnchanged(sql: Sql, { checkpoint_no, audit, ledger }: Checkpoint): Promise<void> {
  const { rows } = await sql.query<{ audit: Buffer | null; ledger: Buffer | null }>(
    `select (select hash from audit_events where audit_no = $1) as audit, (select hash from ledger_seals where seal_no = $2) as ledger`,
    [audit.no, ledger.no],
  );
  const [found] = rows;
  const differs = (no: number, hash: Buffer | null | undefined, wanted: string) =>
    no > 0 && hash?.toString('hex') !== wanted;
  if (differs(audit.no, found?.audit, audit.hash) || differs(ledger.no, found?.ledger, ledger.hash))
    throw new Error(
      `the past was changed: the database is not what checkpoint ${checkpoint_no} witnessed; npm run audit -- verify names the first bad row`,
    );
}

async function readHeads(sql: Sql): Promise<{ audit: Link; ledger: Link }> {
  const { rows } = await sql.query<{ audit_no: string; audit: Buffer; seal_no: string; ledger: Buffer }>(
    `select a.audit_no, a.hash as audit, l.seal_no, l.hash as ledger from audit_head a, ledger_seal_head l`,
  );
  const [heads] = rows;
  if (heads === undefined) throw new Error('the head of the audit trail or of the seals is gone');
  return {
    audit: { no: Number(heads.audit_no), hash: heads.audit },
    ledger: { no: Number(heads.seal_no), hash: heads.ledger },
  };
}
