// What a proof has looked at, in the words and amounts of a reader: settlements, their transitions, transfers, accounts.

import type { Sql } from '../../origin/db/client.ts';
import { money, table } from '../atlas/shown.ts';

interface Counted {
  readonly currency: string;
  readonly count: number;
  /** Minor units; a sum may pass what a number holds exactly. */
  readonly amount_minor: string;
}

export interface Counts {
  readonly settlements: readonly (Counted & { readonly state: string })[];
  /** Of settlements, cards and keys: each is an event of the audit trail. */
  readonly transitions: number;
  /** `pending` reserves, `post` and `void` end a reservation, `direct` moves money at once. */
  readonly transfers: readonly (Counted & { readonly kind: string })[];
}

/** `auditNo`: the last event that was proved. */
export async function readCounts(sql: Sql, auditNo: number): Promise<Counts> {
  const settlements = await sql.query<Counts['settlements'][number]>(
    `select state, currency, count(*)::int as count, sum(amount_minor)::text as amount_minor
     from settlements group by state, currency order by state, currency`,
  );
  const transfers = await sql.query<Counts['transfers'][number]>(
    `select kind, currency, count(*)::int as count, sum(amount_minor)::text as amount_minor
     from ledger_transfers group by kind, currency order by kind, currency`,
  );
  const transitions = await sql.query<{ count: number }>(
    'select count(*)::int as count from audit_events where to_state is not null and audit_no <= $1',
    [auditNo],
  );
  return { settlements: settlements.rows, transfers: transfers.rows, transitions: transitions.rows[0]?.count ?? 0 };
}

export const totalOf = (rows: readonly Counted[]) => rows.reduce((sum, { count }) => sum + count, 0);

/** One line for each state or kind and currency. */
export function countedInWords(rows: readonly (Counted & { readonly name: string })[]): string[] {
  return table(
    rows.map(({ name, count, amount_minor, currency }) => [
      `                     ${String(count).padStart(6)}`,
      name.replaceAll('_', ' '),
      money(amount_minor, currency),
    ]),
  );
}
