// One batch of read messages, one transaction: events stored once, booked in order, held back where one before is missing.
// It commits whole or not at all, so a message may be answered for as soon as this returns, and brought again if it throws.

import { networkSchema } from '../../contracts/network.ts';
import type { Database, Sql } from '../db/client.ts';
import type { HouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers, type Transfer } from '../ledger/transfers.ts';
import { type DeadLetter, keepDeadLetters } from '../queues/dead-letters.ts';
import { loadAuthorizations, storeAuthorizations } from './authorizations.ts';
import {
  type Accounts,
  type AuthorizationRow,
  authorizationIdsOf,
  type Booking,
  bookEvent,
  currencyOf,
  type MoneyEvent,
} from './book-event.ts';
import { raiseSetBack, type SetBack } from './card-conditions.ts';
import type { CountedEvent, Moved } from './card-metrics.ts';
import { itemsOfRuns } from './event-items.ts';
import { findImpostors, insertEvents, loadHeldBack, type PlacedEvent } from './events.ts';
import { raiseOfEvents } from './events-together.ts';
import { type EventFlag, flagsOf } from './flags.ts';
import { noteToJudge, type ToJudge } from './note-to-judge.ts';
import { findBookedBefore, withoutMoney } from './old-keys.ts';
import type { ReadMessage } from './read-message.ts';
import { type CardSequence, keyOf, sortOut } from './sort-out.ts';
import { advanceStreams, lockStreams, type Stream } from './streams.ts';
import { noteSuspended } from './suspended-streams.ts';
import { withheldAfter } from './withholding-cards.ts';

export interface Booked {
  /** Events booked by this batch, including those that had waited for it. */
  readonly applied: number;
  readonly repeated: number;
  /** Events stored that wait for one before them. */
  readonly held_back: number;
  readonly transfers: number;
  /** Of the booked events, each once. */
  readonly flags: readonly EventFlag[];
  readonly events: readonly CountedEvent[];
  readonly moved: readonly Moved[];
  /** Of each message that brought something new, when the newest of that happened. */
  readonly fresh_at_ms: readonly number[];
}

/** The streams must exist. */
export async function bookBatch(
  database: Database,
  house: HouseAccounts,
  messages: readonly ReadMessage[],
): Promise<Booked> {
  const cards = [...new Map(messages.map((message) => [message.card_key, message])).values()];
  return await database.transaction(async (sql) => {
    const streams = await lockStreams(sql, cards);
    if (streams.length !== cards.length) throw new Error('a stream is gone that had been made');
    const waiting = await loadHeldBack(sql, streams);
    const sorted = sortOut(streams, messages, waiting);
    await insertEvents(sql, sorted.fresh);
    const impostors = await findImpostors(sql, sorted.repeats);
    const letters = stillLetters(messages, sorted.sequences);
    if (letters.length + impostors.size > 0)
      await keepDeadLetters(sql, [...letters, ...[...impostors].map((event) => letterOf(event, streams))]);
    await raiseSetBack(sql, setBackBy(impostors, streams));
    const bookedBefore = await findBookedBefore(sql, sorted.sequences);
    const { transfers, moved, unapproved, unmatched } = await bookRuns(sql, house, sorted.sequences, bookedBefore);
    await raiseOfEvents(sql, await itemsOfRuns(sql, sorted.sequences, bookedBefore));
    await advanceStreams(
      sql,
      sorted.sequences.map(({ stream, run, applied_sequence, seen_sequence }) => ({
        ...{ stream_id: stream.stream_id, applied_sequence, seen_sequence },
        withheld_minor: withheldAfter(run),
      })),
    );
    await noteSuspended(sql, house, transfers);
    await noteToJudge(sql, 'unapproved_clearings', unapproved);
    await noteToJudge(sql, 'unmatched_refunds', unmatched);
    // Last, because from here to the commit every other batch waits for the balances.
    await insertTransfers(sql, transfers);
    const events = countedOf(sorted.sequences, bookedBefore);
    return {
      applied: sorted.sequences.reduce((sum, { run }) => sum + run.length, 0),
      repeated: sorted.repeats.length,
      held_back: sorted.sequences.reduce((sum, { held_back }) => sum + held_back, 0),
      transfers: transfers.length,
      flags: sorted.sequences.flatMap(({ run }) => run.flatMap(({ event }) => (event === null ? [] : flagsOf(event)))),
      events,
      moved,
      fresh_at_ms: sorted.fresh_at_ms,
    };
  });
}

interface MovedBooking extends Booking {
  readonly moved: readonly Moved[];
}

/** Books the events whose turn has come, stores what became of their authorizations, and returns the transfers to write. */
async function bookRuns(
  sql: Sql,
  house: HouseAccounts,
  sequences: readonly CardSequence[],
  bookedBefore: ReadonlySet<string>,
): Promise<Omit<MovedBooking, 'authorizations'>> {
  const events = sequences.flatMap(({ stream, run }) =>
    run.flatMap(({ event }) => {
      if (event === null || event.kind === 'profile') return [];
      return [{ stream, event: bookedBefore.has(event.event_id) ? withoutMoney(event) : event }];
    }),
  );
  const ids = new Set(events.flatMap(({ event }) => authorizationIdsOf(event)));
  const rows = new Map<string, AuthorizationRow>();
  for (const row of await loadAuthorizations(sql, [...ids])) rows.set(row.authorization_id, row);
  await ensureAccounts(house, events, rows);

  const transfers: Transfer[] = [];
  const moved: Moved[] = [];
  const unapproved: ToJudge[] = [];
  const unmatched: ToJudge[] = [];
  for (const { stream, event } of events) {
    const accounts = accountsOf(stream, house);
    const booking = bookEvent(event, stream.stream_id, rows, accounts);
    for (const row of booking.authorizations) rows.set(row.authorization_id, row);
    transfers.push(...booking.transfers);
    unapproved.push(...booking.unapproved);
    unmatched.push(...booking.unmatched);
    moved.push(...booking.transfers.map((transfer) => movedBy(transfer, stream, accounts)));
  }
  await storeAuthorizations(sql, [...rows.values()]);
  return { transfers, moved, unapproved, unmatched };
}

function movedBy(
  { currency, kind, amount_minor, debit_account_no }: Transfer,
  stream: Stream,
  accounts: Accounts,
): Moved {
  const what = debit_account_no === accounts.clearing(currency) ? 'refund' : kind;
  return { network: networkSchema.parse(stream.network), currency, what, amount_minor };
}

/** What was known already, under a key that the card has forgotten, was counted when it came first. */
function countedOf(sequences: readonly CardSequence[], bookedBefore: ReadonlySet<string>): CountedEvent[] {
  return sequences.flatMap(({ stream, run }) => {
    const network = networkSchema.parse(stream.network);
    return run.flatMap(({ event, answered_ms = null, trace_id = null }) =>
      event === null || bookedBefore.has(event.event_id) ? [] : [{ network, event, answered_ms, trace_id }],
    );
  });
}

async function ensureAccounts(
  house: HouseAccounts,
  events: readonly { stream: Stream; event: MoneyEvent }[],
  rows: ReadonlyMap<string, AuthorizationRow>,
): Promise<void> {
  const pairs = new Map<string, { network: string; currency: string }>();
  for (const { stream, event } of events) {
    const ofRows = authorizationIdsOf(event).map((id) => rows.get(id)?.currency);
    for (const currency of [currencyOf(event), ...ofRows])
      if (currency) pairs.set(`${stream.network} ${currency}`, { network: stream.network, currency });
  }
  await house.ensure(
    [...pairs.values()].flatMap(({ network, currency }) => [
      { kind: 'network_clearing' as const, network, currency },
      { kind: 'suspense' as const, network: null, currency },
    ]),
  );
}

function accountsOf({ network, account }: Stream, house: HouseAccounts): Accounts {
  return {
    // A card that the origin does not know, or money in a currency that its account does not have: booked all the same, to suspense.
    // Nothing is lost. Once the card is made, a loop moves what is in its currency (suspense-loop.ts); the rest is for a person.
    holder: (currency) =>
      account?.currency === currency
        ? account.ledger_account_no
        : house.numberOf({ kind: 'suspense', network: null, currency }),
    clearing: (currency) => house.numberOf({ kind: 'network_clearing', network, currency }),
  };
}

/** Cards that number anew what is numbered: gap repair sees to each at once, while the card may still approve what is spent. */
function setBackBy(impostors: ReadonlySet<PlacedEvent>, streams: readonly Stream[]): (Stream & SetBack)[] {
  return streams.flatMap((stream) => {
    const own = [...impostors].filter(({ stream_id }) => stream_id === stream.stream_id);
    if (own.length === 0) return [];
    const differs_at = Math.min(...own.map(({ sequence }) => sequence));
    return [{ ...stream, known_sequence: stream.seen_sequence, differs_at }];
  });
}

/** An event of a newer release whose place is behind us (a person has given it up) waits no more. */
function stillLetters(messages: readonly ReadMessage[], sequences: readonly CardSequence[]): DeadLetter[] {
  const applied = new Map(sequences.map(({ stream, applied_sequence }) => [keyOf(stream), applied_sequence]));
  return messages.flatMap(({ dead_letters }) =>
    dead_letters.filter(
      ({ isOfNewer, place }) =>
        isOfNewer !== true || place === null || place.sequence > (applied.get(place.card_key) ?? 0),
    ),
  );
}

function letterOf({ stream_id, sequence, event }: PlacedEvent, streams: readonly Stream[]): DeadLetter {
  const stream = streams.find((candidate) => candidate.stream_id === stream_id);
  if (stream === undefined) throw new Error(`no stream ${stream_id} in this batch`);
  const card_key = keyOf(stream);
  return {
    source: 'card_events',
    reason: `sequence: ${sequence} of this card is taken by another event`,
    message: JSON.stringify({ version: 1, card_key, events: [event] }),
    place: { card_key, sequence },
  };
}
