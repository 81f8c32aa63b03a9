// Facts that share an open item: of cards that nobody knows always, others from the hundredth of an hour on. Whoever has a network's
// credential sends a thousand in four calls, and a person who has to look at each finds nothing else any more. One item for a network,
// kind of message and hour, with count and sums; each fact is kept whole in a row of its own, so that all can be handed in again.

import type { KeptFact } from '../../contracts/kept-fact.ts';
import type { Sql } from '../db/client.ts';
import { maskEvidence } from '../open-items/mask-evidence.ts';
import { jsonText, type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import { hourOf, itemOfFact } from './kept-facts.ts';
import { type SaidOfMoney, saidOfMoney } from './said-of-money.ts';

/** Items of one kind and network that a person gets one by one within an hour: an afternoon's work. */
const aloneMax = 100;
/** Of which the evidence names card, key and amount. */
const namedMax = 20;

/** In the caller's transaction. A fact that comes twice is one. */
export async function raiseFact(sql: Sql, fact: KeptFact): Promise<void> {
  const alone = itemOfFact(fact);
  if (!isOfMany(fact, alone) || (fact.reason !== 'card_unknown' && (await mayStandAlone(sql, alone))))
    return await raiseOpenItems(sql, [alone]);
  const said = saidOfMoney(fact);
  const key = `${fact.network} ${said.kind} ${hourOf(fact)}`;
  if (!(await keepTogether(sql, key, fact, said))) return;
  await raiseOpenItems(sql, [await itemOfMany(sql, key, fact, said)]);
}

/** Releases are counted already, and what a field of a request was called is one item for each field. */
function isOfMany({ reason }: KeptFact, { kind }: RaisedItem): boolean {
  return kind !== 'releases_of_unknown_cards' && reason !== 'card_data_refused';
}

async function mayStandAlone(sql: Sql, { kind, key, source }: RaisedItem): Promise<boolean> {
  const { rows } = await sql.query<{ is_known: boolean; others: number }>(
    `select exists (select from open_items where kind = $1 and item_key = $2) as is_known,
       (select count(*)::int from (select from open_items where status = 'open' and kind = $1 and source = $3
          and opened_at > now() - interval '1 hour' limit $4) as recent) as others`,
    [kind, key, source, aloneMax],
  );
  return rows[0]?.is_known === true || (rows[0]?.others ?? 0) < aloneMax;
}

/** False where it was kept before. */
async function keepTogether(sql: Sql, itemKey: string, fact: KeptFact, said: SaidOfMoney): Promise<boolean> {
  const { currency, minor } = said.amount ?? { currency: null, minor: null };
  const masked = maskEvidence(fact) as KeptFact;
  // `on conflict`: every message may come twice.
  const { rows } = await sql.query(
    `insert into facts_kept_together (item_key, fact_key, network, card_key, message_key, amount_minor, currency, body, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (fact_key) do nothing returning fact_no`,
    [
      ...[itemKey, fact.fact_key, fact.network, masked.card_key, said.key, minor, currency],
      ...[jsonText(masked), new Date(fact.received_at_ms)],
    ],
  );
  if (rows.length > 0 && currency !== null)
    // The row's lock makes those that share an item wait for one another, so that each item says what all before it came to.
    await sql.query(
      `insert into facts_together_sums (item_key, currency, facts, amount_minor) values ($1, $2, 1, $3)
       on conflict (item_key, currency) do update
       set facts = facts_together_sums.facts + 1, amount_minor = facts_together_sums.amount_minor + excluded.amount_minor`,
      [itemKey, currency, minor],
    );
  return rows.length > 0;
}

async function itemOfMany(sql: Sql, key: string, fact: KeptFact, said: SaidOfMoney): Promise<RaisedItem> {
  const { rows: sums } = await sql.query<{ currency: string; facts: string; amount_minor: string }>(
    'select currency, facts, amount_minor from facts_together_sums where item_key = $1 order by currency',
    [key],
  );
  const { rows: first } = await sql.query(
    `select card_key, message_key, amount_minor, currency, body ->> 'problem' as problem
     from facts_kept_together where item_key = $1 order by fact_no limit $2`,
    [key, namedMax],
  );
  const { network } = fact;
  const inWords = sums.map(
    ({ currency, facts, amount_minor }) => `${facts} of ${amount_minor} minor units of ${currency}`,
  );
  return {
    kind: 'facts_kept_together',
    key,
    source: network,
    summary:
      `From ${network}: messages of the kind ${said.kind} in the hour from ${hourOf(fact)}, more of them than one by one: ` +
      `${inWords.slice(0, 5).join(', ') || 'none whose amount can be read'}${inWords.length > 5 ? ', …' : ''}. Nothing of them is booked.`,
    ...amountOf(sums),
    evidence: { network, kind: said.kind, sums, first },
    // One more after a person has closed it is to be seen to as well.
    reopens: true,
  };
}

/** Of several currencies there is no one amount, nor of a sum that no ledger could hold. */
function amountOf([sum, ...others]: readonly { currency: string; amount_minor: string }[]): Pick<RaisedItem, 'amount'> {
  if (sum === undefined || others.length > 0) return {};
  const minor = BigInt(sum.amount_minor);
  return minor === BigInt.asIntN(64, minor) ? { amount: { minor, currency: sum.currency } } : {};
}

export type FactLeft = Pick<KeptFact, 'network' | 'fact'> & { readonly fact_no: string };

/** What the edge has not taken yet, in the order in which it came. */
export async function factsLeft(sql: Sql, itemKey: string, after: string, limit: number): Promise<FactLeft[]> {
  const { rows } = await sql.query<FactLeft>(
    `select fact_no, network, body ->> 'fact' as fact from facts_kept_together
     where item_key = $1 and taken_at is null and fact_no > $2 order by fact_no limit $3`,
    [itemKey, after, limit],
  );
  return rows;
}

export async function noteTaken(sql: Sql, factNos: readonly string[]): Promise<void> {
  await sql.query('update facts_kept_together set taken_at = now() where fact_no = any($1::bigint[])', [factNos]);
}
