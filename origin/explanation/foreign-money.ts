// Money in another currency than the card's, as a sentence: what became of it when it came, and what a person has done about it since.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { Sql } from '../db/client.ts';
import { money } from './control-in-words.ts';

type MessageEvent = Extract<CardEvent, { kind: 'message' }>;

/** The open item of an event. */
export interface ItemOfEvent {
  readonly status: 'open' | 'resolved' | 'dismissed';
  readonly resolution: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
}

/** By the events' ids; most authorizations have none. */
export async function foreignMoneyOf(sql: Sql, events: readonly CardEvent[]): Promise<Map<string, ItemOfEvent>> {
  const asked = events.flatMap((event) => (event.kind === 'message' ? [event.event_id] : []));
  if (asked.length === 0) return new Map();
  const { rows } = await sql.query<ItemOfEvent & { item_key: string }>(
    `select item_key, status, resolution, result from open_items
     where kind = 'currency_mismatch' and item_key = any ($1::text[])
     union all
     -- One of many is seen to by itself, or dismissed with its item.
     select e.event_id, case when e.done_at is null then i.status else 'resolved' end,
       case when e.done_at is null then i.resolution else 'post_at_rate' end, e.result
     from events_kept_together e join open_items i on i.kind = 'events_kept_together' and i.item_key = e.item_key
     where e.kind = 'currency_mismatch' and e.event_id = any ($1::text[])`,
    [asked],
  );
  return new Map(rows.map(({ item_key, ...item }) => [item_key, item]));
}

/** Null: it is in the card's currency. `currency`: the card's. */
export function foreignMoneyInWords(event: MessageEvent, currency: string, item: ItemOfEvent | null): string | null {
  const { message, anomaly } = event;
  if (anomaly === undefined && item === null) return null;
  const minor = 'hold_minor' in message ? message.hold_minor : 'amount_minor' in message ? message.amount_minor : null;
  const what = minor === null ? `in ${message.currency}` : `of ${money(minor, message.currency)}`;
  const came =
    anomaly === undefined
      ? `A ${message.kind} ${what} came before it was known that the card is in ${currency}, and was booked in ${message.currency}`
      : `A ${message.kind} ${what} was kept for a person, because the card is in ${currency}`;
  if (item === null || item.status === 'open')
    return anomaly === undefined ? `${came}: it waits for a person.` : `${came}.`;
  return `${came}. ${endOf(item, event.authorization_id)}`;
}

/** `ofEvent`: the event's own authorization, which need not be named where it was posted to that. */
function endOf({ resolution, result }: ItemOfEvent, ofEvent: string): string {
  const postedTo = result?.['authorization_id'];
  const where = typeof postedTo === 'string' && postedTo !== ofEvent ? ` (${postedTo})` : '';
  switch (resolution) {
    case 'post_at_rate':
      return `A person has posted it as ${postedAs(result)}${where}.`;
    case 'book_correction':
      return `A person has booked a correction of it${where}.`;
    case 'release_hold':
      return 'A person has released what was held.';
    case 'dismiss':
      return 'A person has looked at it, and nothing was to be done.';
    default:
      return `It was seen to (${resolution}).`;
  }
}

/** Results of an older release do not say how much it was. */
function postedAs(result: ItemOfEvent['result']): string {
  const [minor, currency] = [result?.['amount_minor'], result?.['currency']];
  return typeof minor === 'number' && typeof currency === 'string' ? money(minor, currency) : "the card's currency";
}
