// Booked events that need a person, as open items: money in another currency than the card's, and refunds above what was cleared.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { decimalTextFromMinor } from '../../contracts/money.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { conflictsWith, itemOfConflict, type ProfileOfCard } from '../edge/profile-conflicts.ts';
import type { OpenItemKind } from '../open-items/kinds.ts';
import type { RaisedItem } from '../open-items/raise.ts';
import type { EventItem } from './events-together.ts';
import { type CardSequence, keyOf } from './sort-out.ts';
import type { Stream } from './streams.ts';

type MessageEvent = Extract<CardEvent, { kind: 'message' }>;
type MoneyEvent = Exclude<CardEvent, { kind: 'profile' }>;

/** Of the events that this batch books. `bookedBefore`: ids of those whose money was booked before, and is not booked again. */
export async function itemsOfRuns(
  sql: Sql,
  sequences: readonly CardSequence[],
  bookedBefore: ReadonlySet<string>,
): Promise<(RaisedItem | EventItem)[]> {
  const items: (RaisedItem | EventItem)[] = [];
  const firstProfiles: FirstProfile[] = [];
  const profiles: ProfileOfCard[] = [];
  for (const { stream, run } of sequences)
    for (const { event } of run) {
      if (event?.kind === 'message' && bookedBefore.has(event.event_id)) {
        const said = `${inWords(event.message)} under a key that was booked more than 35 days before. It is not booked again; the card counts it.`;
        items.push(itemOf('money_told_again', event, stream, said));
      } else if (event?.kind === 'message')
        items.push(...itemsOfMessage(event, stream, stream.account?.currency ?? null));
      else if (event !== null && event !== undefined) items.push(...itemsOfOther(event, stream));
      if (event?.kind === 'profile') profiles.push({ ...stream, version: event.profile.version });
      // What came before it was booked in whatever currency it had.
      if (event?.kind === 'profile' && event.sequence > 1)
        firstProfiles.push({ stream, sequence: event.sequence, currency: event.profile.currency });
    }
  if (firstProfiles.length > 0) items.push(...(await itemsBeforeProfiles(sql, firstProfiles)));
  items.push(...(await conflictsWith(sql, profiles)).map(itemOfConflict));
  return items;
}

function itemsOfMessage(event: MessageEvent, stream: Stream, cardCurrency: string | null): EventItem[] {
  const { currency } = event.message;
  if (event.refund_above_cleared && event.message.kind === 'refund')
    return [
      itemOf('refund_above_cleared', event, stream, `${inWords(event.message)}: more than its purchase had cleared.`),
    ];
  if (event.refund_above_cleared) return [refundedBefore(event, inWords(event.message), stream)];
  const moved = event.effect.hold_minor !== 0 || event.effect.posted_minor !== 0;
  const isOfAnother = cardCurrency !== null && cardCurrency !== currency;
  if (event.anomaly !== 'currency_mismatch' && !(moved && isOfAnother)) return [];
  // Before its profile a card has no currency, but each of its authorizations has.
  const of = isOfAnother ? `on a card in ${cardCurrency}` : 'of an authorization in another currency';
  const what = moved ? `It is booked in ${currency}, beside what the card counts.` : 'It moved nothing.';
  const said = itemOf('currency_mismatch', event, stream, `${inWords(event.message)} ${of}. ${what}`);
  // Before its account has it, only the profile says what the card is in.
  const item = { ...said, of: { ...said.of, card_currency: cardCurrency } };
  return [moved || isOfMoney(event.message) ? item : { ...item, key: dayOf(event, stream) }];
}

/** Whether somebody may be owed what it says. A reversal and an expiry only give back, and 0 is nothing. */
function isOfMoney(message: CardMessage): boolean {
  return message.kind !== 'reversal' && message.kind !== 'expiry' && amountOf(message) !== 0;
}

/** One item a card, kind of message and day, with how often: two thousand expiries in another currency would hide every other item. */
function dayOf(event: MessageEvent, stream: Stream): string {
  return `${keyOf(stream)} ${event.message.kind} ${new Date(event.at_ms).toISOString().slice(0, 10)}`;
}

/** Of the card's own events: a hold that ran out, a request that was given up, an approval of less than was refunded before it. */
function itemsOfOther(event: CardEvent, stream: Stream): EventItem[] {
  if (event.kind === 'profile' || event.kind === 'message' || event.refund_above_cleared !== true) return [];
  const what = { expiry: 'The end of a hold', void: 'A request given up', authorization: 'An approval' }[event.kind];
  return [refundedBefore(event, what, stream)];
}

/** Of the refunds that came before it; how much they are above, the authorization's own sums say. */
function refundedBefore(event: MoneyEvent, what: string, stream: Stream): EventItem {
  return {
    ...ofEvent('refund_above_cleared', event, stream),
    summary: `${what}: more had been refunded of its purchase than it has cleared and may still clear.`,
  };
}

/** Keyed by the event: seen when it is booked and again when a profile comes, it is one item. */
function itemOf(kind: OpenItemKind, event: MessageEvent, stream: Stream, summary: string): EventItem {
  const minor = amountOf(event.message);
  return {
    ...ofEvent(kind, event, stream),
    summary,
    ...(minor === null ? {} : { amount: { minor: BigInt(minor), currency: event.message.currency } }),
  };
}

function ofEvent(kind: OpenItemKind, event: MoneyEvent, stream: Stream): Omit<EventItem, 'summary'> {
  const card_key = keyOf(stream);
  return {
    ...{ kind, key: event.event_id, authorization_id: event.authorization_id, card_key, evidence: { event } },
    of: { event, card_key, card_currency: stream.account?.currency ?? null },
  };
}

function amountOf(message: CardMessage): number | null {
  if (message.kind === 'advice') return message.hold_minor;
  return 'amount_minor' in message ? message.amount_minor : null;
}

const names: Readonly<Record<CardMessage['kind'], string>> = {
  clearing: 'A clearing',
  refund: 'A refund',
  reversal: 'A reversal',
  expiry: 'An expiry',
  advice: 'An advice',
};

function inWords(message: CardMessage): string {
  const minor = amountOf(message);
  const of = minor === null ? '' : ` of ${decimalTextFromMinor(minor, message.currency)}`;
  return `${names[message.kind]}${of} ${minor === null ? 'in ' : ''}${message.currency}`;
}

interface FirstProfile {
  readonly stream: Stream;
  readonly sequence: number;
  readonly currency: string;
}

/** Messages before a card had any profile that are in another currency than the profile's. A card mostly begins with its profile. */
async function itemsBeforeProfiles(sql: Sql, profiles: readonly FirstProfile[]): Promise<EventItem[]> {
  const { rows } = await sql.query<{ position: string; body: CardEvent }>(
    `select p.position, e.body
     from unnest($1::bigint[], $2::bigint[]) with ordinality as p(stream_id, sequence, position)
     join card_events first on first.stream_id = p.stream_id and first.sequence = 1 and first.kind <> 'profile'
     join card_events e on e.stream_id = p.stream_id and e.sequence < p.sequence and e.kind = 'message'
     where not exists (
       select from card_events before
       where before.stream_id = p.stream_id and before.sequence < e.sequence and before.kind = 'profile')`,
    [
      numberColumn(profiles.map(({ stream }) => stream.stream_id)),
      numberColumn(profiles.map(({ sequence }) => sequence)),
    ],
  );
  return rows.flatMap(({ position, body }) => {
    const profile = profiles[Number(position) - 1];
    if (profile === undefined || body.kind !== 'message') return [];
    return itemsOfMessage(body, profile.stream, profile.currency);
  });
}
