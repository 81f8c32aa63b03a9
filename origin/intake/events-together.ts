// Booked events that need a person and share an open item: from the 21st of one kind on a card and day on, or the 201st of a network and day.
// Whoever has a network's credential sends two thousand clearings of 0.01 in another currency; each says that somebody is owed money, and a
// person who has to look at each finds nothing else any more. Each event is kept whole in a row of its own, with currency and shop.

import * as z from 'zod';
import type { CardEvent } from '../../contracts/card-event.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import type { OpenItemKind } from '../open-items/kinds.ts';
import { maskEvidence } from '../open-items/mask-evidence.ts';
import { jsonText, type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import { shopId } from './shop-id.ts';

/** Items of one kind that a card, and a network, gets one by one on a day (UTC, by the database's clock): what a person looks through. */
const perCardMax = 20;
const perNetworkMax = 200;
/** Of which the evidence names card, event and amount. */
const namedMax = 20;

/** An item of one event. */
export interface EventItem extends RaisedItem {
  readonly of: {
    readonly event: Exclude<CardEvent, { kind: 'profile' }>;
    readonly card_key: string;
    /** What the card is in; null: nobody knows the card. */
    readonly card_currency: string | null;
  };
}

/** In the transaction that books them, under the locks of their cards' streams. An event that is met twice is one. */
export async function raiseOfEvents(sql: Sql, items: readonly (RaisedItem | EventItem)[]): Promise<void> {
  const ofEvents = items.filter(isOfEvent);
  await raiseOpenItems(
    sql,
    items.filter((item) => !isOfEvent(item)),
  );
  // In one order for everybody: what a network's batches share is locked by each of them.
  const kinds = [...new Set(ofEvents.map(({ kind }) => kind))].toSorted();
  for (const kind of kinds)
    await raiseOfKind(
      sql,
      kind,
      ofEvents.filter((item) => item.kind === kind),
    );
}

function isOfEvent(item: RaisedItem | EventItem): item is EventItem {
  return 'of' in item;
}

async function raiseOfKind(sql: Sql, kind: OpenItemKind, items: readonly EventItem[]): Promise<void> {
  const known = await knownOf(sql, kind, items);
  const today = await aloneToday(sql, kind);
  const alone: EventItem[] = [];
  const together: Together[] = [];
  for (const item of items) {
    const { card_key, event } = item.of;
    if (known.kept.has(event.event_id)) continue;
    const network = networkOf(item);
    const [ofCard, ofNetwork] = [today.counts.get(card_key) ?? 0, today.counts.get(network) ?? 0];
    if (!known.alone.has(item.key)) {
      if (ofCard >= perCardMax || ofNetwork >= perNetworkMax) {
        const whose = ofNetwork >= perNetworkMax ? network : card_key;
        together.push({ item, key: `${whose} ${kind} ${today.day}` });
        continue;
      }
      known.alone.add(item.key);
      today.counts.set(card_key, ofCard + 1).set(network, ofNetwork + 1);
    }
    alone.push(item);
  }
  await raiseOpenItems(sql, alone);
  if (together.length > 0) await keepTogether(sql, kind, together, today.day);
}

function networkOf({ of }: EventItem): string {
  return of.card_key.slice(0, of.card_key.indexOf(':'));
}

interface Known {
  /** Keys of items. */
  readonly alone: Set<string>;
  /** Ids of events. */
  readonly kept: ReadonlySet<string>;
}

/** What was raised before: a message in another currency is met when it is booked, and again when its card gets a profile. */
async function knownOf(sql: Sql, kind: OpenItemKind, items: readonly EventItem[]): Promise<Known> {
  const { rows } = await sql.query<{ id: string; alone: boolean }>(
    `select item_key as id, true as alone from open_items where kind = $1 and item_key = any ($2::text[])
     union all select event_id, false from events_kept_together where kind = $1 and event_id = any ($3::text[])`,
    [kind, items.map(({ key }) => key), items.map(({ of }) => of.event.event_id)],
  );
  const idsOf = (alone: boolean) => new Set(rows.filter((row) => row.alone === alone).map(({ id }) => id));
  return { alone: idsOf(true), kept: idsOf(false) };
}

/** By card and by network, closed ones too: one that is seen to makes no room for the next of a flood. */
async function aloneToday(sql: Sql, kind: OpenItemKind) {
  const { rows } = await sql.query<{ day: string; card_key: string | null; alone: number }>(
    `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD') as day, i.card_key, count(i.card_key)::int as alone
     from (select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' as began) as today
     left join open_items i on i.kind = $1 and i.opened_at >= today.began
     group by i.card_key`,
    [kind],
  );
  const counts = new Map<string, number>();
  for (const { card_key, alone } of rows) {
    if (card_key === null) continue;
    const network = card_key.slice(0, card_key.indexOf(':'));
    counts.set(card_key, alone).set(network, (counts.get(network) ?? 0) + alone);
  }
  return { day: rows[0]?.day ?? '', counts };
}

interface Together {
  readonly item: EventItem;
  /** Of the item that it shares. */
  readonly key: string;
}

async function keepTogether(sql: Sql, kind: OpenItemKind, kept: readonly Together[], day: string): Promise<void> {
  // `order by`: whoever adds to several sums takes their locks in one order. They last to the commit, so that each item says what all before
  // it came to.
  await sql.query(
    `with kept as (
       insert into events_kept_together (item_key, kind, event_id, card_key, authorization_id, network_merchant_id, amount_minor, currency, card_currency, body)
       select e.item_key, $1, e.event_id, e.card_key, e.authorization_id, e.shop, e.amount_minor, e.currency, e.card_currency, e.body::json
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[])
         as e (item_key, event_id, card_key, authorization_id, shop, amount_minor, currency, card_currency, body)
       on conflict (kind, event_id) do nothing
       returning item_key, coalesce(currency, '') as currency, coalesce(card_currency, '') as card_currency, coalesce(amount_minor, 0) as amount_minor
     )
     insert into events_together_sums as s (item_key, currency, card_currency, events, amount_minor, left_events, left_minor)
     select item_key, currency, card_currency, count(*), sum(amount_minor), count(*), sum(amount_minor)
     from kept group by 1, 2, 3 order by 1, 2, 3
     on conflict (item_key, currency, card_currency) do update
     set events = s.events + excluded.events, amount_minor = s.amount_minor + excluded.amount_minor,
       left_events = s.left_events + excluded.left_events, left_minor = s.left_minor + excluded.left_minor`,
    [
      ...[kind, kept.map(({ key }) => key), kept.map(({ item }) => item.of.event.event_id)],
      ...[kept.map(({ item }) => item.of.card_key), kept.map(({ item }) => item.authorization_id ?? null)],
      kept.map(({ item }) => shopOf(item.of.event)),
      numberColumn(kept.map(({ item }) => item.amount?.minor ?? null)),
      kept.map(({ item }) => item.amount?.currency ?? null),
      kept.map(({ item }) => item.of.card_currency),
      kept.map(({ item }) => jsonText(maskEvidence(item.evidence))),
    ],
  );
  for (const key of [...new Set(kept.map((one) => one.key))].toSorted()) {
    const first = kept.find((one) => one.key === key);
    if (first === undefined) continue;
    const network = networkOf(first.item);
    const card_key = key.startsWith(`${first.item.of.card_key} `) ? first.item.of.card_key : null;
    await raiseOpenItems(sql, [await itemOfMany(sql, key, { kind, day, network, card_key })]);
  }
}

function shopOf(event: EventItem['of']['event']): string | null {
  return event.kind === 'message' && 'merchant' in event.message ? shopId(event.message.merchant?.id ?? null) : null;
}

/** As the evidence begins. */
export const manySchema = z.object({
  kind: z.string(),
  day: z.string(),
  network: z.string(),
  /** Null: of several cards. */
  card_key: z.string().nullable(),
});
type Many = z.infer<typeof manySchema>;

async function itemOfMany(sql: Sql, key: string, many: Many): Promise<RaisedItem> {
  const { rows: sums } = await sql.query<SumOfMany>(
    `select currency, card_currency, events, amount_minor, left_events, left_minor from events_together_sums
     where item_key = $1 order by currency, card_currency`,
    [key],
  );
  const { rows: first } = await sql.query(
    `select event_id, card_key, authorization_id, network_merchant_id, amount_minor, currency, card_currency
     from events_kept_together where item_key = $1 and done_at is null order by event_no limit $2`,
    [key, namedMax],
  );
  const { kind, day, network, card_key } = many;
  const inWords = sums.map(({ currency, left_events, left_minor }) =>
    currency === ''
      ? `${left_events} that name no amount`
      : `${left_events} of ${left_minor} minor units of ${currency}`,
  );
  return {
    kind: 'events_kept_together',
    key,
    source: network,
    summary:
      `Of ${card_key ?? network} on ${day}: more of the kind ${kind} than one by one: ` +
      `${inWords.slice(0, 5).join(', ')}${inWords.length > 5 ? ', …' : ''}.`,
    ...amountOf(sums),
    card_key,
    evidence: { ...many, sums, first },
    // One more after a person has closed it is to be seen to as well.
    reopens: true,
  };
}

/** What is left of an item after some were seen to. */
export async function sayWhatIsLeft(sql: Sql, key: string, evidence: unknown): Promise<void> {
  await raiseOpenItems(sql, [await itemOfMany(sql, key, manySchema.parse(evidence))]);
}

interface SumOfMany {
  /** Empty: none is named. */
  readonly currency: string;
  /** Empty: nobody knows the cards. */
  readonly card_currency: string;
  readonly events: string;
  readonly amount_minor: string;
  readonly left_events: string;
  readonly left_minor: string;
}

/** Of several currencies there is no one amount, nor of a sum that no ledger could hold. */
function amountOf(sums: readonly SumOfMany[]): Pick<RaisedItem, 'amount'> {
  const [sum, ...others] = sums;
  if (sum === undefined || sum.currency === '' || others.length > 0) return {};
  const minor = BigInt(sum.left_minor);
  return minor === BigInt.asIntN(64, minor) ? { amount: { minor, currency: sum.currency } } : {};
}
