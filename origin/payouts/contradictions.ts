// What a provider says and we cannot book by ourselves, put in front of a person; and amounts that nobody may pay meanwhile.

import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import type { ProviderWord } from '../providers/provider.ts';
import type { SettlementRow } from './settlement-row.ts';
import { storable } from './storable.ts';

export interface Contradiction {
  readonly item: RaisedItem;
  /** As much of what its merchant is owed is not payable while the item is open; null: nothing. */
  readonly withheld_minor: bigint | null;
}

interface Said {
  readonly provider: string;
  readonly word: ProviderWord;
  readonly row: SettlementRow | undefined;
  /** One sentence for people: what was said, and why it cannot be so. */
  readonly summary: string;
}

/** `amount_minor`: what it is about; by default all of the settlement. */
export function contradiction(
  said: Said,
  { kind = 'provider_contradiction', amount }: { kind?: RaisedItem['kind']; amount?: RaisedItem['amount'] } = {},
): Contradiction {
  const { provider, word, row, summary } = said;
  const whole = row === undefined ? undefined : { minor: row.amount_minor, currency: row.currency };
  const about = amount ?? whole;
  const item: RaisedItem = {
    kind,
    key: keyOf(provider, word),
    summary,
    ...(about === undefined ? {} : { amount: about }),
    merchant_id: row?.merchant_id ?? null,
    settlement_id: row?.settlement_id ?? null,
    provider,
    evidence: { word, settlement: row === undefined ? null : standingOf(row) },
  };
  return { item, withheld_minor: null };
}

/**
 * As open_items stores keys: short, and without what a text column refuses. What is said is a part of it: "disputed" and "frozen" of one
 * payment are two items, and so are 40.00 and 50.00 that came back under one reference. The same told again is the same item.
 */
function keyOf(provider: string, word: ProviderWord): string {
  const { settlement_id, outcome, provider_reference, amount_minor = null, currency = null } = word;
  // Why a payment was rejected or came back makes no other fact of it. Of an unclear word the code is what it says.
  const said = [amount_minor ?? '', currency ?? '', outcome === 'unclear' ? (word.code ?? '') : ''].join(' ').trim();
  const key = [settlement_id, provider, outcome, said, provider_reference].filter((part) => part !== '').join(' ');
  return storable(key).slice(0, keyLengthMax);
}
const keyLengthMax = 400;

/**
 * A payment that cannot be: its amount was paid although we believe that it was not, or was paid twice. Until a person has
 * looked, as much is not payable: else it may be paid once more.
 */
export function unbelievedPayment(said: Said): Contradiction {
  const { word, row } = said;
  if (row === undefined) return contradiction(said);
  // What it says it paid, where that can be read: 299.00 of a settlement of 300.00 are 299.00 less to pay.
  const isSaid = word.currency === row.currency && /^[1-9]\d{0,17}$/.test(word.amount_minor ?? '');
  const minor = isSaid ? BigInt(word.amount_minor ?? '') : row.amount_minor;
  return { ...contradiction(said, { amount: { minor, currency: row.currency } }), withheld_minor: minor };
}

/** As it stood when the word came: the row goes on, the evidence does not. */
function standingOf(row: SettlementRow) {
  const { state, step, provider, provider_reference, submissions, failure_code, amount_minor, currency } = row;
  return {
    ...{ state, step, provider, provider_reference, submissions, failure_code },
    amount_minor: String(amount_minor),
    currency,
  };
}

export async function raiseContradictions(sql: Sql, found: readonly Contradiction[]): Promise<void> {
  await raiseOpenItems(
    sql,
    found.map(({ item }) => item),
  );
  const withheld = found.filter(({ withheld_minor }) => withheld_minor !== null);
  if (withheld.length === 0) return;
  await sql.query(
    // `on conflict`: the same word told again withholds nothing more.
    `insert into withheld_amounts (kind, item_key, merchant_id, amount_minor)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) on conflict (kind, item_key) do nothing`,
    [
      withheld.map(({ item }) => item.kind),
      withheld.map(({ item }) => item.key),
      withheld.map(({ item }) => item.merchant_id),
      numberColumn(withheld.map(({ withheld_minor }) => withheld_minor)),
    ],
  );
}

/**
 * Until the commit nobody else reserves for these merchants. Read what they are owed after it: two engines that each see 50.00
 * payable must not reserve 100.00.
 */
export async function lockWithheld(sql: Sql, merchantIds: readonly string[]): Promise<void> {
  // In one order for everybody, so that two wait instead of deadlocking.
  await sql.query(
    `select pg_advisory_xact_lock(key)
     from (select distinct hashtextextended('withheld ' || id, 0) as key from unnest($1::text[]) as m (id) order by key) as locked`,
    [merchantIds],
  );
}
