// Open items for what has cleared and is owed to nobody: one a shop, network and currency, whose amount follows what clears there.
//
// A card program in the open world clears at every shop there is, and owes them nothing: the network pays them. So items are opened
// only where the program has merchants with network ids at all, only so many at once, and not at all where the configuration says
// `list`. GET /unassigned-clearings has every row in any case, and a merchant that gets its id later is owed in any case.

import { decimalTextFromMinor } from '../../contracts/money.ts';
import type { Database, Sql } from '../db/client.ts';
import { closeAsGone, type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import type { SettlementConfig } from '../settlement-config.ts';
import { isOfOpenDay, raiseManyShops } from './many-shops.ts';
import { unassignedKey, unassignedKind } from './unassigned.ts';

export type UnassignedPolicy = SettlementConfig['UNASSIGNED_CLEARINGS'];

const perRound = 100;
/** More than this nobody works through one by one: shops beyond share an item a day until some are closed (many-shops.ts). */
const shopsAloneMax = 100;
/** Of merchants' own shops that the ledger refused, as there are merchants: what comes beyond waits until some are closed. */
const refusedMax = 1_000;

interface Row {
  readonly network_merchant_id: string;
  readonly clearing_no: string;
  readonly network: string;
  readonly currency: string;
  readonly net_minor: string;
  readonly clearings: string;
  readonly authorization_ids: string[];
  readonly refused_merchant_id: string | null;
  readonly first_at: Date;
  readonly last_at: Date;
  /** A merchant that has the id, and is paid in another currency. */
  readonly other: {
    readonly merchant_id: string;
    readonly currency: string;
    /** What it was paid beyond what it is owed by now. */
    readonly deficit_minor: number;
  } | null;
}

/** Any number that nobody else locks in this database. */
const raisingLock = 7_283_640_114;

/**
 * Returns whether there may be more to raise. Locks items before rows, as people's actions do; accrual locks no item. So no two of
 * the three wait for each other in a circle.
 */
export async function raiseUnassigned(database: Database, policy: UnassignedPolicy): Promise<boolean> {
  return await database.transaction(async (sql) => {
    const { rows: locks } = await sql.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [
      raisingLock,
    ]);
    if (locks[0]?.mine !== true) return false;
    const behind = await rowsToRaise(sql, 'raised_minor is not null and net_minor <> raised_minor', perRound);
    const { settles, room, roomForRefused } = policy === 'list' ? noRoom : await roomForMore(sql);
    const isFresh = 'raised_minor is null and net_minor <> 0';
    const refused = await rowsToRaise(sql, `${isFresh} and refused_merchant_id is not null`, roomForRefused);
    const fresh = await rowsToRaise(sql, `${isFresh} and refused_merchant_id is null and ${isOfOpenDay}`, room);
    const rows = [...behind, ...refused, ...fresh];
    for (const row of rows) {
      // What was refused to a merchant and what no merchant has are two kinds: one shop has an item of one of them.
      if (isOver(row)) await closeAsGone(sql, unassignedKind(row), unassignedKey(row));
      else await raiseOpenItems(sql, [itemOf(row)]);
      await closeAsGone(sql, otherKind(row), unassignedKey(row));
    }
    await markRaised(sql, rows);
    await raiseManyShops(sql, settles && fresh.length === room);
    const isFull = (one: readonly Row[], of: number) => of > 0 && one.length === of;
    return isFull(behind, perRound) || isFull(fresh, room) || isFull(refused, roomForRefused);
  });
}

const isOver = ({ net_minor }: Row) => net_minor === '0';
const otherKind = (row: Row) => (row.refused_merchant_id === null ? 'accrual_failed' : 'clearing_unassigned');

async function rowsToRaise(sql: Sql, where: string, limit: number): Promise<Row[]> {
  if (limit === 0) return [];
  const { rows } = await sql.query<Row>(
    `select u.network_merchant_id, u.clearing_no, c.network, c.currency, u.net_minor, u.clearings, u.authorization_ids,
       u.refused_merchant_id, u.first_at, u.last_at,
       (select json_build_object('merchant_id', m.merchant_id, 'currency', m.currency, 'deficit_minor', coalesce(d.deficit_minor, 0))
        from (
          select min(merchant_id) as merchant_id from merchants where network_merchant_ids @> array[u.network_merchant_id]
        ) any_of join merchants m using (merchant_id) left join merchant_accruals d using (merchant_id)) as other
     from unassigned_clearings u join ledger_accounts c on c.ledger_account_no = u.clearing_no
     where ${where} order by u.last_at limit $1`,
    [limit],
  );
  return rows;
}

/** A row that accrual has changed meanwhile is behind again, and comes up in the next round. */
async function markRaised(sql: Sql, rows: readonly Row[]): Promise<void> {
  const columns = [
    rows.map(({ network_merchant_id }) => network_merchant_id),
    rows.map(({ clearing_no }) => clearing_no),
    rows.map(({ net_minor }) => net_minor),
  ];
  await sql.query(
    `update unassigned_clearings u set raised_minor = r.net_minor
     from unnest($1::text[], $2::bigint[], $3::bigint[]) as r (network_merchant_id, clearing_no, net_minor)
     where u.network_merchant_id = r.network_merchant_id and u.clearing_no = r.clearing_no`,
    columns,
  );
  await sql.query(
    `delete from unassigned_clearings u
     using unnest($1::text[], $2::bigint[], $3::bigint[]) as r (network_merchant_id, clearing_no, net_minor)
     where u.network_merchant_id = r.network_merchant_id and u.clearing_no = r.clearing_no and r.net_minor = 0 and u.net_minor = 0`,
    columns,
  );
}

const noRoom = { settles: false, room: 0, roomForRefused: 0 };

async function roomForMore(sql: Sql): Promise<typeof noRoom> {
  const { rows } = await sql.query<{ shops: string; refused: string; settles: boolean }>(
    `select (select count(*) from open_items where kind = 'clearing_unassigned' and status = 'open') as shops,
       (select count(*) from open_items where kind = 'accrual_failed' and status = 'open') as refused,
       (select merchant_id from merchants where network_merchant_ids <> '{}' order by merchant_id limit 1) is not null as settles`,
  );
  const [row] = rows;
  if (row?.settles !== true) return noRoom;
  const left = (max: number, open: string) => Math.min(perRound, Math.max(0, max - Number(open)));
  return { settles: true, room: left(shopsAloneMax, row.shops), roomForRefused: left(refusedMax, row.refused) };
}

function itemOf(row: Row): RaisedItem {
  const { network, currency, network_merchant_id, refused_merchant_id, other } = row;
  const shop = network_merchant_id === '' ? 'shops that the network did not name' : `shop ${network_merchant_id}`;
  const what = `What cleared at ${shop} (${network}, ${currency})`;
  return {
    kind: unassignedKind(row),
    key: unassignedKey(row),
    summary:
      refused_merchant_id !== null
        ? `${what} could not be added to what ${refused_merchant_id} is owed.`
        : other === null
          ? `${what} is owed to nobody: no merchant has its id.`
          : `${what} is owed to nobody: ${other.merchant_id} has its id, and is paid in ${other.currency}.${inDeficit(other)}`,
    amount: { minor: BigInt(row.net_minor), currency },
    merchant_id: refused_merchant_id,
    evidence: {
      ...{ network, network_merchant_id, currency },
      ...{ net_minor: row.net_minor, clearings: Number(row.clearings), authorization_ids: row.authorization_ids },
      ...{ first_at: row.first_at.toISOString(), last_at: row.last_at.toISOString() },
    },
    // A shop that a person has dismissed is none of ours: more that clears there does not bring it back. A merchant of ours is owed.
    reopens: refused_merchant_id === null ? 'unless_dismissed' : true,
  };
}

/** Example: it was paid 10.00 EUR for a clearing that was then posted as 11.00 USD, because the card is in USD. */
function inDeficit({ deficit_minor, currency }: NonNullable<Row['other']>): string {
  if (deficit_minor === 0) return '';
  return ` It was paid ${decimalTextFromMinor(deficit_minor, currency)} ${currency} more than it is owed by now.`;
}
