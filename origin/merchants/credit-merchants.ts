// What has cleared at merchants, as transfers to what they are owed. In the caller's transaction.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { insertTransfers, type Transfer } from '../ledger/transfers.ts';
import { owedTo } from './owed.ts';
import type { Cleared } from './unassigned.ts';

interface Net {
  readonly merchant_id: string;
  readonly clearing_no: number;
  /** Above zero: cleared; below: refunded. */
  readonly net_minor: bigint;
}

/** Throws where the ledger refuses any of it; then none is booked. */
export async function creditMerchants(sql: Sql, cleared: readonly Cleared[]): Promise<void> {
  const nets = netsOf(cleared);
  if (nets.length === 0) return;
  const { transfers, deficits } = await owing(sql, nets);
  await sql.query(
    `insert into merchant_accruals (merchant_id, deficit_minor) select * from unnest($1::text[], $2::bigint[])
     on conflict (merchant_id) do update set deficit_minor = excluded.deficit_minor`,
    [[...deficits.keys()], numberColumn([...deficits.values()])],
  );
  // Last, because from here to the commit every other batch waits for the balances.
  await insertTransfers(sql, transfers);
}

/** Added up a merchant and clearing account. What cleared comes first, so that what was refunded finds it. */
function netsOf(cleared: readonly Cleared[]): Net[] {
  const nets = new Map<string, Net>();
  for (const row of cleared) {
    const { merchant_id } = row;
    if (merchant_id === null) continue;
    const clearing_no = Number(row.clearing_no);
    const before = nets.get(`${merchant_id} ${clearing_no}`)?.net_minor ?? 0n;
    nets.set(`${merchant_id} ${clearing_no}`, { merchant_id, clearing_no, net_minor: before + row.net_minor });
  }
  return [...nets.values()].toSorted((a, b) => (a.net_minor < b.net_minor ? 1 : a.net_minor > b.net_minor ? -1 : 0));
}

/** Refunds beyond what is still owed wait as a deficit, which later clearings make good before anything is owed again. */
async function owing(sql: Sql, nets: readonly Net[]) {
  const merchantIds = [...new Set(nets.map(({ merchant_id }) => merchant_id))];
  const owed = await owedTo(sql, merchantIds);
  const { rows } = await sql.query<{ merchant_id: string; deficit_minor: string }>(
    'select merchant_id, deficit_minor from merchant_accruals where merchant_id = any($1::text[])',
    [merchantIds],
  );
  const deficits = new Map(rows.map(({ merchant_id, deficit_minor }) => [merchant_id, BigInt(deficit_minor)]));
  const left = new Map([...owed].map(([merchant_id, { available_minor }]) => [merchant_id, available_minor]));
  const transfers: Transfer[] = [];
  for (const { merchant_id, clearing_no, net_minor } of nets) {
    const account = owed.get(merchant_id);
    if (account === undefined) throw new Error(`${merchant_id} has no ledger account`);
    const deficit = deficits.get(merchant_id) ?? 0n;
    const available = left.get(merchant_id) ?? 0n;
    const moved = net_minor > 0n ? net_minor - least(net_minor, deficit) : -least(-net_minor, available);
    deficits.set(merchant_id, deficit - (net_minor - moved));
    left.set(merchant_id, available + moved);
    if (moved === 0n) continue;
    const { payable_account_no: payable, currency } = account;
    transfers.push({
      debit_account_no: moved > 0n ? clearing_no : payable,
      credit_account_no: moved > 0n ? payable : clearing_no,
      amount_minor: moved > 0n ? moved : -moved,
      currency,
      kind: 'direct',
      event_at_ms: Date.now(),
      event: null,
    });
  }
  return { transfers, deficits };
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
