// An open item as it is read: with its evidence as it was raised, to the letter.

import type { Id } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';
import type { OpenItemKind } from './kinds.ts';

export interface OpenItem {
  readonly open_item_no: number;
  readonly open_item_id: Id<'oit'>;
  readonly kind: OpenItemKind;
  /** What makes two sightings the same item. */
  readonly item_key: string;
  /** Where it came in, as a queue's name; null where its kind says enough. */
  readonly source: string | null;
  readonly status: 'open' | 'resolved' | 'dismissed';
  readonly summary: string;
  readonly amount_minor: bigint | null;
  readonly currency: string | null;
  readonly merchant_id: string | null;
  readonly settlement_id: string | null;
  readonly authorization_id: string | null;
  /** `<network>:<card token>`. */
  readonly card_key: string | null;
  readonly provider: string | null;
  readonly evidence: unknown;
  readonly times: number;
  readonly opened_at: Date;
  readonly last_seen_at: Date;
  readonly closed_at: Date | null;
  /** The action that closed it, or `gone`. */
  readonly resolution: string | null;
  /** What that action came to. */
  readonly result: object | null;
  /** The action that closed it or, while it is open, one that is under way. */
  readonly action: BegunAction | null;
}

export interface BegunAction {
  readonly name: string;
  readonly input: object;
  readonly actor: string;
  readonly at: string;
  /** Why, and by which request: absent where an older release began it. */
  readonly reason?: string;
  readonly correlation_id?: string;
}

interface OpenItemRow extends Omit<OpenItem, 'open_item_no' | 'amount_minor'> {
  readonly open_item_no: string;
  readonly amount_minor: string | null;
}

const columns =
  'open_item_no, open_item_id, kind, item_key, source, status, summary, amount_minor, currency, merchant_id, settlement_id, ' +
  'authorization_id, card_key, provider, evidence, times, opened_at, last_seen_at, closed_at, resolution, result, action';

function itemOf({ open_item_no, amount_minor, ...row }: OpenItemRow): OpenItem {
  return {
    ...row,
    open_item_no: Number(open_item_no),
    amount_minor: amount_minor === null ? null : BigInt(amount_minor),
  };
}

export async function findOpenItem(sql: Sql, openItemId: string): Promise<OpenItem | null> {
  const { rows } = await sql.query<OpenItemRow>(`select ${columns} from open_items where open_item_id = $1`, [
    openItemId,
  ]);
  return rows[0] === undefined ? null : itemOf(rows[0]);
}

/** What items must have; absent: any. */
export interface OpenItemFilter {
  readonly status?: OpenItem['status'] | undefined;
  readonly kind?: OpenItemKind | undefined;
  readonly source?: string | undefined;
  readonly merchant_id?: string | undefined;
  readonly settlement_id?: string | undefined;
  readonly authorization_id?: string | undefined;
  readonly card_key?: string | undefined;
  readonly provider?: string | undefined;
  /** Raised before this instant. */
  readonly opened_before?: Date | undefined;
}

export interface OpenItemPage {
  readonly order: 'newest' | 'oldest';
  /** The `open_item_no` of the last one before this page. */
  readonly after: number | null;
  readonly limit: number;
}

/** In the order in which they were raised. The conditions are written out only where they are asked for, so that each finds its index. */
export async function listOpenItems(
  sql: Sql,
  filter: OpenItemFilter,
  { order, after, limit }: OpenItemPage,
): Promise<OpenItem[]> {
  const values: unknown[] = [limit];
  const conditions: string[] = [];
  const add = (condition: string, value: unknown) => conditions.push(`${condition} $${values.push(value)}`);
  for (const name of [
    'kind',
    'source',
    'merchant_id',
    'settlement_id',
    'authorization_id',
    'card_key',
    'provider',
  ] as const)
    if (filter[name] !== undefined) add(`${name} =`, filter[name]);
  // As text of the statement: an index holds only what is open.
  if (filter.status !== undefined) conditions.push(`status = '${filter.status}'`);
  if (filter.opened_before !== undefined) add('opened_at <', filter.opened_before);
  if (after !== null) add(order === 'newest' ? 'open_item_no <' : 'open_item_no >', after);
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const { rows } = await sql.query<OpenItemRow>(
    `select ${columns} from open_items ${where} order by open_item_no ${order === 'newest' ? 'desc' : 'asc'} limit $1`,
    values,
  );
  return rows.map(itemOf);
}

export interface OpenItemCount {
  readonly kind: OpenItemKind;
  readonly open: number;
  /** Seconds. */
  readonly oldest_age_seconds: number;
}

/** Of each kind that has any. */
export async function countOpenItems(sql: Sql): Promise<OpenItemCount[]> {
  const { rows } = await sql.query<{ kind: OpenItemKind; open: string; oldest_age_seconds: string }>(
    `select kind, count(*) as open, greatest(0, floor(extract(epoch from now() - min(opened_at)))) as oldest_age_seconds
     from open_items where status = 'open' group by kind order by kind`,
  );
  return rows.map(({ kind, open, oldest_age_seconds }) => ({
    kind,
    open: Number(open),
    oldest_age_seconds: Number(oldest_age_seconds),
  }));
}
