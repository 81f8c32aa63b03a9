// What has cleared becomes what is owed: clearings at a merchant's own network ids move from the network's clearing account to
// the merchant's payable, refunds the other way. Exactly once: the cursor moves in the commit that books them. It counts seals of
// the ledger, which are numbered in the order of their commits, so nothing can appear behind it.

import { type Database, type Sql, sqlState } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { insertTransfers, type Transfer } from '../ledger/transfers.ts';
import { owedTo } from './owed.ts';

/** Seals in one commit: a seal is one statement's transfers, a thousand at most. */
const sealsMax = 200;

/** Books up to a bound, and says whether there may be more. */
export async function accrue(database: Database): Promise<boolean> {
  try {
    return await database.transaction(accrueIn);
  } catch (error) {
    // What was available for a refund was reserved in the meantime: the next round sees less, after a pause.
    if (sqlState(error) === '23514') return false;
    throw error;
  }
}

interface Net {
  readonly merchant_id: string;
  readonly clearing_no: string;
  /** Above zero: cleared; below: refunded. */
  readonly net_minor: string;
}

async function accrueIn(sql: Sql): Promise<boolean> {
  // `for update`: two processes take turns, and the second begins where the first has ended.
  const { rows: heads } = await sql.query<{ seal_no: string }>('select seal_no from accrual_head for update');
  const from = heads[0]?.seal_no;
  const { rows: ends } = await sql.query<{ seal_no: string }>(
    'select least($1::bigint + $2, seal_no) as seal_no from ledger_seal_head',
    [from, sealsMax],
  );
  const to = ends[0]?.seal_no;
  if (from === undefined || to === undefined || from === to) return false;
  const { rows: nets } = await sql.query<Net>({ name: 'cleared_nets', text: clearedNets, values: [from, to] });
  const { transfers, deficits } = await owing(sql, nets);
  await sql.query('update accrual_head set seal_no = $1', [to]);
  await sql.query(
    `insert into merchant_accruals (merchant_id, deficit_minor) select * from unnest($1::text[], $2::bigint[])
     on conflict (merchant_id) do update set deficit_minor = excluded.deficit_minor`,
    [[...deficits.keys()], numberColumn([...deficits.values()])],
  );
  await insertTransfers(sql, transfers);
  return Number(to) - Number(from) === sealsMax;
}

const clearedNets = `
  select m.merchant_id, c.ledger_account_no as clearing_no,
    sum(case when t.credit_account_no = c.ledger_account_no then t.amount_minor else -t.amount_minor end) as net_minor
  from ledger_seals s
  cross join lateral unnest(s.transfer_nos) as sealed (nos)
  join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
  join authorizations a on a.authorization_id = t.authorization_id
  join merchants m on m.network_merchant_ids @> array[a.merchant ->> 'id'] and m.currency = t.currency
  join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no in (t.debit_account_no, t.credit_account_no)
  where s.seal_no > $1 and s.seal_no <= $2 and t.kind in ('post', 'direct')
  group by m.merchant_id, c.ledger_account_no
  order by net_minor desc`;

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
  // What cleared comes first, so that what was refunded finds it.
  for (const { merchant_id, clearing_no, net_minor } of nets) {
    const account = owed.get(merchant_id);
    if (account === undefined) continue;
    const net = BigInt(net_minor);
    const deficit = deficits.get(merchant_id) ?? 0n;
    const available = left.get(merchant_id) ?? 0n;
    const moved = net > 0n ? net - least(net, deficit) : -least(-net, available);
    deficits.set(merchant_id, deficit - (net - moved));
    left.set(merchant_id, available + moved);
    if (moved === 0n) continue;
    const [payable, clearing] = [account.payable_account_no, Number(clearing_no)];
    transfers.push({
      debit_account_no: moved > 0n ? clearing : payable,
      credit_account_no: moved > 0n ? payable : clearing,
      amount_minor: moved > 0n ? moved : -moved,
      currency: account.currency,
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
