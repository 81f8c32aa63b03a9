// Laws that know neither the card's code nor the model's: they hold what network and origin have seen against itself. Each
// demands only what must be so, whatever the messages' stamps say, so that none can raise a false alarm.
//
// What they do not see: holds beyond what the network was told of (tips, fuel), authorizations that rested for longer than the card
// remembers, limits on merchants, categories, countries and times.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';
import { type Law, Violation } from './laws.ts';
import type { Approval, WireAuthorization } from './wire-authorization.ts';
import { WireBooks } from './wire-books.ts';
import { holdLimits } from './wire-limits.ts';
import type { WireTape } from './wire-tape.ts';
import { holdTexts } from './wire-texts.ts';

/** Of all that a card has sent, once nothing is unsent any more. */
export function holdWire(tape: WireTape, events: readonly CardEvent[]): void {
  const books = new WireBooks();
  for (const event of events) {
    holdTexts(event);
    const folded = books.fold(event);
    if (folded === null) continue;
    const { authorization, approval } = folded;
    holdEvent(books, authorization, event, approval);
    if (approval === null) continue;
    if (event.kind === 'authorization' && !tape.wasHeardAt(event.request.request_key, event.at_ms))
      broken('told_as_booked', authorization, `the request was not heard at the event's instant ${event.at_ms}`);
    holdFunds(books, authorization);
    holdLimits(books, authorization, approval);
  }
  holdTold(tape, events);
}

function holdEvent(
  books: WireBooks,
  authorization: WireAuthorization,
  event: CardEvent,
  approval: Approval | null,
): void {
  const { booked_held_minor: held, booked_posted_minor: posted, cleared_minor, refunded_minor } = authorization;
  if (books.misplaced !== null)
    broken('told_as_booked', authorization, `${books.misplaced} is another authorization's`);
  if (authorization.currencies.size < 2 && posted !== cleared_minor - refunded_minor)
    broken('told_as_booked', authorization, `posted ${posted}, cleared ${cleared_minor}, refunded ${refunded_minor}`);
  if (held < 0) broken('told_as_booked', authorization, `${held} is held`);
  if (authorization.isDoubtful) return;
  // Where the request says that two are one, the effect is of the joining too.
  const isAlone = event.kind === 'authorization' && event.joined === undefined;
  if (approval !== null && isAlone && event.effect.hold_minor !== approval.hold_minor)
    broken('approved_is_held', authorization, `${approval.hold_minor} approved, ${event.effect.hold_minor} held of it`);
  if (held < authorization.held_minor_min)
    broken('approved_is_held', authorization, `${held} is held, at least ${authorization.held_minor_min} should be`);
  if (event.kind === 'expiry' && !authorization.hasVoid && event.at_ms < authorization.holds_until_ms)
    broken('approved_is_held', authorization, `dropped before ${authorization.holds_until_ms}`);
  const most = authorization.heldMinorMax;
  if (most !== null && held > most)
    broken('told_as_booked', authorization, `${held} is held, at most ${most} should be`);
}

/** At an approval: all that is surely held, and all that was cleared, is within what the card was ever given. */
function holdFunds(books: WireBooks, approved: WireAuthorization): void {
  const { currency = '', funds_minor: funds = null } = books.profile ?? {};
  if (funds === null) return;
  let spent = books.spent_minor.get(currency) ?? 0;
  for (const one of books.authorizations) if (!one.isDoubtful) spent += one.held_minor_min;
  if (spent > funds) broken('funds_never_overspent', approved, `${spent} of ${funds} is spent after this approval`);
}

/** What the network was told of a request is what the books have of it, unless it was given up or answered in the card's place. */
function holdTold({ told, acknowledged, sent }: WireTape, events: readonly CardEvent[]): void {
  const decided = new Map<string, Decision[]>();
  const givenUp = new Set<string>();
  const inPlace = new Map<string, number[]>();
  const received = new Map<string, CardEvent>();
  for (const event of events) {
    if (event.kind === 'authorization') push(decided, event.request.request_key, event.decision);
    else if (event.kind === 'void') givenUp.add(event.request_key);
    else if (event.kind === 'message' && event.releases === undefined) {
      received.set(event.message.message_key, event);
      const { message } = event;
      if (!sent.has(message.message_key))
        throw new Violation('told_as_booked', `${message.message_key} is in the books, and nobody sent it`);
      if (message.kind === 'advice' && message.request_key !== undefined)
        push(inPlace, message.request_key, message.hold_minor);
    }
  }
  for (const { request, decision } of told) {
    const key = request.request_key;
    if (decided.get(key)?.some((booked) => isSameAnswer(booked, decision))) continue;
    if (decision.reason === 'request_voided' && givenUp.has(key)) continue;
    if (decision.outcome === 'approved' && inPlace.get(key)?.includes(decision.approved_minor)) continue;
    throw new Violation(
      'told_as_booked',
      `${key} was told ${decision.outcome} ${decision.approved_minor}, booked otherwise`,
    );
  }
  for (const message of acknowledged) {
    const event = received.get(message.message_key);
    if (event?.kind !== 'message' || event.message.kind !== message.kind)
      throw new Violation('told_as_booked', `${message.message_key} was acknowledged, and is not in the books`);
  }
}

function isSameAnswer(booked: Decision, told: Decision): boolean {
  return (
    booked.outcome === told.outcome &&
    booked.approved_minor === told.approved_minor &&
    booked.hold_minor === told.hold_minor &&
    booked.reason === told.reason
  );
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** With the authorization's whole story: the run's last events are long after it. */
export function broken(law: Law, { events }: WireAuthorization, differs: string): never {
  const story = events.map(({ event_id: _, ...event }) => `\n  ${JSON.stringify(event)}`).join('');
  throw new Violation(law, `${differs}; its authorization:${story}`);
}
