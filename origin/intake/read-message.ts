// A queue message read: the card it is about, the events that could be understood, and what could not, with its reason.
// Never throws: what cannot be read is a dead letter, and never in the way of others.

import { inspect } from 'node:util';
import * as z from 'zod';
import { type CardEvent, cardEventsMessageSchema } from '../../contracts/card-event.ts';
import { type KeptFact, keptFactSchema } from '../../contracts/kept-fact.ts';
import { limits } from '../../contracts/limits.ts';
import { type CardKey, cardKeySchema, splitCardKey } from '../../contracts/network.ts';
import { recordedTraceId, tracesIn } from '../../contracts/trace-parent.ts';
import { countCardData, maskedText } from '../card-data/found.ts';
import { countKey } from '../card-data/keys.ts';
import type { DeadLetter } from '../queues/dead-letters.ts';
import { isNewerVersion, readEvent } from './read-event.ts';

/** `event` is null where it is unreadable: its place in the stream is kept, so that the card goes on. */
export interface ReadEvent {
  readonly sequence: number;
  readonly event: CardEvent | null;
  /** The event's JSON, to the letter of its values; read anew only where an older edge wrote what nothing could keep. */
  readonly text: string | null;
  /** How long its request waited for the decision, where that was measured. */
  readonly answered_ms?: number | null;
  /** Of the trace that it came of, where somebody has recorded that. */
  readonly trace_id?: string | null;
}

export interface ReadMessage {
  readonly card_key: CardKey;
  readonly network: string;
  readonly card_token: string;
  readonly events: readonly ReadEvent[];
  readonly dead_letters: readonly DeadLetter[];
  /** Numbers of events of a newer release, each with a letter: their card's later events wait for them. */
  readonly of_newer: readonly number[];
  /** The traces that its events came of, as `traceparent`s. */
  readonly traces: readonly string[];
}

const numbered = z.object({ sequence: z.int().positive() });

/** The number that an event says it has, whatever else it says. */
function sequenceOf(raw: unknown): number | null {
  return numbered.safeParse(raw).data?.sequence ?? null;
}

/**
 * `after`: given where the message is a page of the card's own log, which has no gaps: the event at index i is then number
 * `after + 1 + i`, even if nothing in it can be read. From the queue an event must say its number itself.
 */
export function readMessage(body: unknown, after: number | null = null): ReadMessage | DeadLetter {
  const message = cardEventsMessageSchema.safeParse(body);
  if (!message.success)
    return (
      messageOfNewer(body, reasonOf(message.error)) ?? {
        source: 'card_events',
        reason: reasonOf(message.error),
        message: textOf(body),
        place: null,
      }
    );
  const { card_key } = message.data;
  const waits = waitsIn(message.data.answered_ms);
  const { network, cardToken } = splitCardKey(card_key);
  const events: ReadEvent[] = [];
  const dead_letters: DeadLetter[] = [];
  const of_newer: number[] = [];
  for (const [index, raw] of message.data.events.entries()) {
    const read = readEvent(raw);
    if ('event' in read) {
      const { sequence } = read.event;
      const trace_id = recordedTraceId(Object(message.data.traces)[sequence]);
      countKey(cardToken, read.event);
      events.push({ ...textMasked(read), answered_ms: waits.get(sequence) ?? null, trace_id });
      continue;
    }
    const sequence = after === null ? sequenceOf(raw) : after + 1 + index;
    dead_letters.push({
      source: 'card_events',
      reason: reasonOf(read.error),
      // A message again, of this one event: it can be taken as it stands once it can be read.
      message: textOf({ version: 1, card_key, events: [raw] }),
      place: sequence === null ? null : { card_key, sequence },
      isOfNewer: sequence !== null && read.isOfNewer,
    });
    if (sequence !== null && read.isOfNewer) of_newer.push(sequence);
    else if (sequence !== null) events.push({ sequence, event: null, text: null });
  }
  const traces = tracesIn(message.data.traces);
  return { card_key, network, card_token: cardToken, events, dead_letters, of_newer, traces };
}

const newerSchema = z.object({
  version: z.custom<number>(isNewerVersion),
  card_key: cardKeySchema,
  events: z.array(numbered).min(1).max(limits.eventsPageMax),
});

/** A message in a form of a newer release, of which only whose it is can be read, and the numbers of its events. Null: it is none. */
function messageOfNewer(body: unknown, reason: string): ReadMessage | null {
  const newer = newerSchema.safeParse(body).data;
  if (newer === undefined) return null;
  const { network, cardToken } = splitCardKey(newer.card_key);
  const of_newer = newer.events.map(({ sequence }) => sequence);
  const place = { card_key: newer.card_key, sequence: Math.min(...of_newer) };
  const letter: DeadLetter = { source: 'card_events', reason, message: textOf(body), place, isOfNewer: true };
  return {
    ...{
      card_key: newer.card_key,
      network,
      card_token: cardToken,
      events: [],
      dead_letters: [letter],
      of_newer,
      traces: [],
    },
  };
}

const waitsSchema = z.record(z.string().regex(/^\d{1,15}$/), z.number().int().nonnegative());

/** By an event's sequence. Only to watch by: what is in no such shape is passed over, and no reason to refuse a message. */
function waitsIn(answered: unknown): ReadonlyMap<number, number> {
  const read = answered === undefined ? undefined : waitsSchema.safeParse(answered).data;
  return new Map(Object.entries(read ?? {}).map(([sequence, ms]) => [Number(sequence), ms]));
}

/**
 * The event without a card number in its shop's name. The edge masks names; one that it wrote before it knew this form is masked
 * here, alike each time that it comes, and one that the edge has masked is counted.
 */
function textMasked({ event, raw }: { readonly event: CardEvent; readonly raw: unknown }): ReadEvent {
  const merchant = event.kind === 'authorization' ? event.request.merchant : merchantIn(event);
  const { name = null } = merchant ?? {};
  const { sequence } = event;
  if (name === null) return { sequence, event, text: JSON.stringify(raw) };
  if (maskedDigits.test(name)) countCardData('network_message', 'masked');
  const masked = maskedText('card_events_queue', name);
  const text = JSON.stringify(raw);
  if (masked === name) return { sequence, event, text };
  const read = readEvent(JSON.parse(text.replaceAll(JSON.stringify(name), () => JSON.stringify(masked))));
  return 'event' in read ? { sequence, event: read.event, text: JSON.stringify(read.raw) } : { sequence, event, text };
}

function merchantIn(event: CardEvent) {
  return event.kind === 'message' && 'merchant' in event.message ? event.message.merchant : null;
}

/** Twelve digits at least were masked. */
const maskedDigits = /(?:\*[^*\p{L}]{0,3}){12}/u;

/** Null: it is something else. Anything that calls itself a kept fact and is none in shape is a dead letter. */
export function readKeptFact(body: unknown): KeptFact | DeadLetter | null {
  if (!calledKeptFact.safeParse(body).success) return null;
  const fact = keptFactSchema.safeParse(body);
  if (fact.success) {
    countFact(fact.data);
    return fact.data;
  }
  return { source: 'card_events', reason: reasonOf(fact.error), message: textOf(body), place: null };
}

/** The edge has masked it, or has kept nothing but the name of a field. */
function countFact({ reason, field, fact }: KeptFact): void {
  if (reason === 'card_data_refused') countCardData('network_request', 'refused');
  else if (maskedDigits.test(fact))
    countCardData(field?.endsWith('card_token') === true ? 'network_card_token' : 'network_message', 'masked');
}

const calledKeptFact = z.object({ kind: z.literal('kept_fact') });

export function isReadMessage(read: ReadMessage | DeadLetter): read is ReadMessage {
  return 'events' in read;
}

/** The first problem, with the path to its field and never its value. */
function reasonOf({ issues }: z.core.$ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'cannot be read';
  return `${issue.path.join('.') || 'message'}: ${issue.message}`;
}

/** JSON where the value has one; what nests too deep for it is kept as far as a person would read. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return inspect(value, { depth: 50, maxArrayLength: null, maxStringLength: null });
  }
}
