// What the network was told, held against what the system has. Pure, and with figures of its own: what a clearing or a
// reversal must leave in the ledger is worked out here from the amounts alone, not by the code that is on trial.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { CardEvidence, Evidence, TransferEvidence } from './evidence.ts';
import { type Asked, authorizationIdOf, outcomeOf, type Told, wasUnknown } from './records.ts';

export interface Judgement {
  /** Answers and notices that were acknowledged and are missing from the card's log or, with their money, from the ledger. */
  readonly lost: number;
  /** Those that are there more than once, or with more money than they moved. */
  readonly doubleCounted: number;
  /** A sentence for each of the above and for whatever else does not agree. None: everything agrees. */
  readonly findings: readonly string[];
}

type Found = 'missing' | 'doubled' | 'wrong';

/** `setBack`: cards whose storage was set back, so that some of what they decided was told to them again, under another kind of event. */
export function judge(
  asked: readonly Asked[],
  told: readonly Told[],
  evidence: Evidence,
  setBack: ReadonlySet<string> = new Set(),
): Judgement {
  const findings: string[] = [];
  const missing = new Set<string>();
  const doubled = new Set<string>();
  const find = (found: Found, key: string, what: string) => {
    findings.push(`${key}: ${what}`);
    if (found === 'missing') missing.add(key);
    if (found === 'doubled') doubled.add(key);
  };

  const noticeOf = new Map(told.map((notice) => [notice.of.requestKey, notice]));
  for (const [cardToken, card] of evidence.cards) {
    const requests = asked.filter(
      (request) => request.cardToken === cardToken && !(setBack.has(cardToken) && wasUnknown(request)),
    );
    const notices = told.filter(({ of }) => of.cardToken === cardToken);
    judgeLog(card, requests, notices, { find, mayBeToldAgain: setBack.has(cardToken) });
    judgeLedger(card, requests, noticeOf, find);
    judgeCard(cardToken, card, find);
  }
  for (const difference of evidence.ledgerDifferences) find('wrong', 'ledger', difference);
  if (evidence.outOfOrder > 0)
    find(
      'wrong',
      'ledger',
      `${evidence.outOfOrder} transfers were booked before those of an earlier event of their card`,
    );
  for (const [kind, count] of evidence.openItems) find('wrong', 'origin', `${count} open items: ${kind}`);
  return { lost: missing.size, doubleCounted: doubled.size, findings };
}

type Find = (found: Found, key: string, what: string) => void;

/** Everything acknowledged is in the log once, as it was acknowledged, and nothing that nobody asked for. */
function judgeLog(
  card: CardEvidence,
  requests: readonly Asked[],
  notices: readonly Told[],
  { find, mayBeToldAgain }: { readonly find: Find; readonly mayBeToldAgain: boolean },
): void {
  const entries = Map.groupBy(card.events, keyOf);
  for (const request of requests) {
    const key = request.requestKey;
    const outcome = outcomeOf(request);
    const all = entries.get(key) ?? [];
    const events = all.filter((event) => event.kind === 'authorization');
    // An edge that gave up may have decided or not; what must hold is that no money stays held, which the ledger shows.
    if (outcome === 'undecided') continue;
    if (events.length > 1) find('doubled', key, `is in the log ${events.length} times`);
    if (mayBeToldAgain && all.some((event) => saysAgain(event, request))) continue;
    if (events.length === 0) find('missing', key, `was ${outcome} and is not in the log`);
    for (const { decision, authorization_id } of events) {
      if (decision.outcome !== outcome) find('wrong', key, `was ${outcome}, and the log says ${decision.outcome}`);
      if (authorization_id !== authorizationIdOf(request.answer)) find('wrong', key, 'has another authorization id');
    }
  }
  for (const { messageKey } of notices) {
    const count = entries.get(messageKey)?.length ?? 0;
    if (count === 0) find('missing', messageKey, 'was acknowledged and is not in the log');
    if (count > 1) find('doubled', messageKey, `is in the log ${count} times`);
  }
  const known = new Set([...requests.map(({ requestKey }) => requestKey), ...notices.map((told) => told.messageKey)]);
  for (const key of entries.keys()) if (key !== null && !known.has(key)) find('wrong', key, 'was never sent');
}

/** What a card had answered while it did not know its past: an approval as an answer in its place, a decline as its key given up. */
function saysAgain(event: CardEvent, request: Asked): boolean {
  if (outcomeOf(request) === 'declined') return event.kind === 'void';
  return (
    event.kind === 'message' && event.message.kind === 'advice' && event.message.hold_minor === request.amountMinor
  );
}

/** The network's own key of what an event records. */
function keyOf(event: CardEvent): string | null {
  switch (event.kind) {
    case 'authorization':
      return event.request.request_key;
    case 'message':
      // An answer in the card's place is known by its request.
      return ('request_key' in event.message ? event.message.request_key : undefined) ?? event.message.message_key;
    case 'void':
      return event.request_key;
    case 'expiry':
    case 'profile':
      return null;
  }
}

/** Each approval is pending once with its amount, each notice has moved what it had to, and nothing else moved. */
function judgeLedger(
  card: CardEvidence,
  requests: readonly Asked[],
  noticeOf: ReadonlyMap<string, Told>,
  find: Find,
): void {
  const booked = Map.groupBy(card.transfers, ({ authorization_id }) => authorization_id);
  for (const request of requests) {
    const id = authorizationIdOf(request.answer);
    if (id === null) continue;
    const transfers = [...idsOf(card, request, id)].flatMap((one) => {
      const found = booked.get(one) ?? [];
      booked.delete(one);
      return found;
    });
    const notice = noticeOf.get(request.requestKey);
    const expected = expectedOf(request, notice);
    for (const kind of ['pending', 'post', 'void', 'direct'] as const) {
      const key = kind === 'pending' || notice === undefined ? request.requestKey : notice.messageKey;
      const amounts = transfers.filter((transfer) => transfer.kind === kind).map(({ amount_minor }) => amount_minor);
      compare(amounts, expected[kind], (found, what) => find(found, key, `${kind} in the ledger ${what}`));
    }
  }
  // What is left belongs to no answer: the edge may have given up on it, and must then have given back what it held.
  for (const [id, transfers] of booked) {
    const held = pendingOf(transfers);
    if (held !== 0) find('wrong', id, `holds ${held} in the ledger, and nobody was told so`);
  }
}

/** The network was told one; an answer that was lost with the card's past, and was given again, may be booked under its first. */
function idsOf({ events }: CardEvidence, { requestKey }: Asked, told: string): ReadonlySet<string> {
  const booked = events.flatMap((event) =>
    keyOf(event) === requestKey && 'authorization_id' in event ? (event.authorization_id ?? []) : [],
  );
  return new Set([told, ...booked]);
}

/** Amounts that must be in the ledger, by kind of transfer; 0: no transfer. */
function expectedOf(request: Asked, notice: Told | undefined) {
  const pending = outcomeOf(request) === 'approved' ? request.amountMinor : 0;
  const told = notice?.amountMinor ?? 0;
  const cleared = notice?.kind === 'clearing';
  return { pending, post: cleared ? told : 0, void: cleared ? pending - told : told, direct: 0 };
}

function compare(amounts: readonly number[], expected: number, find: (found: Found, what: string) => void): void {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  if (sum < expected) find('missing', `is ${sum} instead of ${expected}`);
  if (sum > expected || amounts.length > 1)
    find('doubled', `is ${sum} in ${amounts.length} transfers instead of ${expected} in one`);
}

/** The card as a whole: no gaps, everything at the origin, and the same money on both sides. */
function judgeCard(cardToken: string, card: CardEvidence, find: Find): void {
  const gap = card.events.findIndex(({ sequence }, index) => sequence !== index + 1);
  if (gap !== -1) find('wrong', cardToken, `event ${gap + 1} of its log has number ${card.events[gap]?.sequence}`);
  const { lastSequence } = card;
  if (card.events.length !== lastSequence)
    find('wrong', cardToken, `has ${card.events.length} events and says ${lastSequence}`);
  if (card.appliedSequence !== lastSequence)
    find('wrong', cardToken, `is at event ${lastSequence}, and the origin has booked ${card.appliedSequence}`);
  if (card.storedEvents !== lastSequence)
    find('wrong', cardToken, `has ${lastSequence} events, and the origin has stored ${card.storedEvents}`);
  const pending = pendingOf(card.transfers);
  if (pending !== card.heldMinor)
    find('wrong', cardToken, `holds ${card.heldMinor} at the edge and ${pending} in the ledger`);
  const posted = sumOf(card.transfers, 'post') + sumOf(card.transfers, 'direct');
  if (posted !== card.postedMinor)
    find('wrong', cardToken, `has spent ${card.postedMinor} at the edge and ${posted} in the ledger`);
}

function pendingOf(transfers: readonly TransferEvidence[]): number {
  return sumOf(transfers, 'pending') - sumOf(transfers, 'post') - sumOf(transfers, 'void');
}

function sumOf(transfers: readonly TransferEvidence[], kind: TransferEvidence['kind']): number {
  return transfers.reduce((sum, transfer) => (transfer.kind === kind ? sum + transfer.amount_minor : sum), 0);
}
