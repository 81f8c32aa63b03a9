// The audit trail, recomputed row by row. In one snapshot, which the caller has begun, so that rows and head belong together.

import type { Sql } from '../db/client.ts';
import {
  type Anchor,
  Anchors,
  type ChainResult,
  type Fault,
  type FaultKind,
  faultOfStart,
  type Link,
  sealedText,
  sha256,
} from './chain.ts';

const rowsPerPage = 5_000;

export interface AuditRow {
  readonly audit_no: string;
  readonly at_us: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly merchant_id: string | null;
  readonly from_state: string | null;
  readonly to_state: string | null;
  readonly reason: string;
  readonly correlation_id: string;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
}

/** What the first event continues. */
export function beginning(): Link {
  return { no: 0, hash: sha256('atlas audit') };
}

/** In their order, which is that of their commits: whoever appends holds the head until then, so none is missing before another. */
export async function auditRowsAfter(sql: Sql, auditNo: number, limit: number): Promise<AuditRow[]> {
  const { rows } = await sql.query<AuditRow>(
    `select audit_no, (extract(epoch from at) * 1000000)::bigint as at_us, actor, action, subject, merchant_id, from_state,
       to_state, reason, correlation_id, previous_hash, hash
     from audit_events where audit_no > $1 order by audit_no limit $2`,
    [auditNo, limit],
  );
  return rows;
}

/** `start`: a witnessed link to go on from; what is before it is not read. */
export async function verifyAuditChain(
  sql: Sql,
  anchored: readonly Anchor[] = [],
  start: Anchor | null = null,
): Promise<ChainResult> {
  const anchors = new Anchors('audit', start === null ? anchored : []);
  let last: Link = start ?? beginning();
  const stop = (fault: Fault): ChainResult => ({ links: last.no, last, fault });
  const before = start === null ? anchors.look(last) : faultOfStart('audit', start, await hashOfEvent(sql, start.no));
  if (before !== null) return stop(before);
  for (;;) {
    const rows = await auditRowsAfter(sql, last.no, rowsPerPage);
    for (const row of rows) {
      const fault = faultOfRow(row, last) ?? anchors.look({ no: Number(row.audit_no), hash: row.hash });
      if (fault !== null) return stop(fault);
      last = { no: Number(row.audit_no), hash: row.hash };
    }
    if (rows.length < rowsPerPage) break;
  }
  const fault = (await faultOfHead(sql, last)) ?? anchors.end(last);
  return fault === null ? { links: last.no, last, fault } : stop(fault);
}

async function hashOfEvent(sql: Sql, auditNo: number): Promise<Buffer | undefined> {
  const { rows } = await sql.query<{ hash: Buffer }>('select hash from audit_events where audit_no = $1', [auditNo]);
  return rows[0]?.hash;
}

/** Null: it continues `last`, and is what was sealed. */
export function faultOfRow(row: AuditRow, last: Link): Fault | null {
  const no = Number(row.audit_no);
  const bad = (problem: FaultKind, says: string, at = no): Fault => ({ chain: 'audit', no: at, problem, says });
  if (no !== last.no + 1)
    return bad('missing', `event ${last.no + 1} is missing: ${no} comes after ${last.no}`, last.no + 1);
  if (!row.previous_hash.equals(last.hash)) return bad('unlinked', `event ${no} does not continue event ${last.no}`);
  const { at_us, actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id } = row;
  const content = [
    row.audit_no,
    at_us,
    actor,
    action,
    subject,
    merchant_id,
    from_state,
    to_state,
    reason,
    correlation_id,
  ];
  if (!sha256('atlas audit event', row.previous_hash, sealedText(content)).equals(row.hash))
    return bad('changed', `event ${no} is not what was sealed`);
  return null;
}

async function faultOfHead(sql: Sql, last: Link): Promise<Fault | null> {
  const { rows } = await sql.query<{ audit_no: string; hash: Buffer }>('select audit_no, hash from audit_head');
  const head = { no: Number(rows[0]?.audit_no), hash: rows[0]?.hash };
  const bad = (problem: FaultKind, no: number, says: string): Fault => ({ chain: 'audit', no, problem, says });
  if (head.hash === undefined) return bad('head_differs', last.no, 'the head of the audit trail is gone');
  if (head.no > last.no)
    return bad('missing', last.no + 1, `event ${last.no + 1} is missing: the head counts ${head.no}`);
  if (head.no < last.no)
    return bad('inserted', head.no + 1, `event ${head.no + 1} is beyond the head, which counts ${head.no}`);
  if (!last.hash.equals(head.hash))
    return bad('head_differs', last.no, `event ${last.no} is not the one that the head knows`);
  return null;
}
