// From an instant to a place in the ledger. Transfers are numbered as they are written and stamped with the beginning of their transaction
// (`booked_at`), so numbers follow the stamps but for as long as a transaction may take; no index by time is needed. A look is some 30 reads
// of the primary key, however many transfers there are.

import type { Sql } from '../db/client.ts';

/** Longer than a transaction of the service may take (db/session.ts): stamps that differ by more stand in the order of their numbers. */
const disorderMs = 60_000;

export interface Place {
  /** All transfers below this number were booked before the instant. */
  readonly surely_before: string;
  /** All from this number on were booked after it. */
  readonly surely_after: string;
}

export async function placeOf(sql: Sql, at: Date): Promise<Place> {
  return {
    surely_before: await firstSince(sql, new Date(at.getTime() - disorderMs)),
    surely_after: await firstSince(sql, new Date(at.getTime() + disorderMs)),
  };
}

/** By halves: where the first transfer at or after the middle is older, the place is above it. Numbers have gaps; each half is smaller all the same. */
async function firstSince(sql: Sql, at: Date): Promise<string> {
  const { rows } = await sql.query<{ place: string }>(
    `with recursive search as (
       select coalesce(min(transfer_no), 1) as low, coalesce(max(transfer_no), 0) + 1 as high from ledger_transfers
       union all
       select case when probe.booked_at < $1 then probe.transfer_no + 1 else half.low end,
         case when probe.booked_at < $1 then half.high else half.middle end
       from (select low, high, (low + high) / 2 as middle from search where low < high) as half
       cross join lateral (
         select t.transfer_no, t.booked_at from ledger_transfers t where t.transfer_no >= half.middle order by t.transfer_no limit 1
       ) as probe
     )
     select low as place from search where low >= high`,
    [at],
  );
  return rows[0]?.place ?? '1';
}
