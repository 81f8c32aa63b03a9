// The law of order: a purchase's requests in theirs, and its messages late by anything, in any order and twice, end alike. The
// request that began it may come after them all. A message is never heard before a later request that happened before it: what
// the card approves after hearing a message comes after it, whatever their stamps say.
// The purchase may be known by two names, each with requests and messages of its own, that one message ties together: it comes at
// any time too, so that two approvals are joined before, between or after all that happens to them.
// No message happens between a verification or decline and the first approval. Example: verified at 10:00, an advice of 10:20, approved
// at 10:30. Heard in this order, the approval adds to the advice. If the card hears the advice after 10:30, it takes the approval as the
// beginning, and the advice as a message about it (decision 15, rule 1): nothing tells it otherwise.
// Our edge may have approved one of its requests in the card's place, which the card hears of at any time; and one approval may be given up
// at any time after the card knows of it. With an answer of our edge, the card hears each request when it happens, by a clock that is right:
// the instant of that answer says what the card had heard by then.
// Holds for messages that carry their instant; one without comes after all that was heard before it. The card's own clock may be days
// ahead while it hears any of them, or stand still: the order in which it heard them is not the clock's.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Card } from '../../core/card/card.ts';
import type { Draw } from './draw.ts';
import { hold } from './laws.ts';
import { Model } from './model.ts';
import { movesMoney } from './model-decision.ts';
import { cardCurrency } from './profiles.ts';
import type { Purchase } from './purchase.ts';
import type { MakeCard } from './simulated-card.ts';
import { Store } from './store.ts';

const hourMs = 3_600_000;

const unlimited: Profile = {
  card_id: `card_${'0'.repeat(26)}`,
  account_id: `acct_${'0'.repeat(26)}`,
  version: 1,
  status: 'active',
  currency: cardCurrency,
  expires_at_ms: null,
  funds_minor: 1_000_000_000,
  single_use: false,
  partial_approval: false,
  hold_days: 31,
  controls: [],
};

type Told = { request: AuthorizationRequest } | { message: CardMessage };
type Step = Told | { givesUp: string };

/** As the network lived it: every event with its own instant, some at the same one. */
function story(draw: Draw, { names, requests, messages }: Purchase, startMs: number): Told[] {
  let atMs = startMs;
  // Messages may share an instant; with a request, or an answer of our edge, it would not be told which came first.
  const instant = (isTied = false) => {
    atMs += isTied && draw.chance(0.15) ? 0 : draw.between(1, hourMs);
    return atMs;
  };
  const named = naming(draw, names);
  const asked = requests.filter(({ currency }) => currency === cardCurrency).map(named);
  // After an approval of the card: of a first one nothing tells whether a message before it was about it.
  const standsIn = asked.some((request) => isApproval({ request })) && draw.chance(0.3);
  const timeless = !standsIn && draw.chance(0.5);
  // A request and an answer in its place are one decision, made by whichever is heard first.
  const isAnswer = (one: CardMessage) =>
    one.kind === 'advice' && asked.some(({ request_key }) => request_key === one.request_key);
  const isNumbered = [...asked, ...messages].every(({ order }) => order !== undefined);
  const waiting: { requests: AuthorizationRequest[]; messages: CardMessage[] } = {
    requests: [...asked],
    messages: withTie(
      draw,
      withAnswerOfEdge(
        draw,
        messages.filter((one) => !isAnswer(one)),
        standsIn,
      ).map(named),
      names,
    ),
  };
  const told: Told[] = [];
  while (waiting.requests.length + waiting.messages.length > 0) {
    const asks =
      waiting.messages.length === 0 || (waiting.requests.length > 0 && (!told.some(isApproval) || draw.chance(0.5)));
    const request = asks ? waiting.requests.shift() : undefined;
    const message = request === undefined ? waiting.messages.shift() : undefined;
    const numbered = <T extends { order?: number | undefined }>({ order: _, ...one }: T) =>
      (isNumbered ? { ...one, order: told.length } : one) as T;
    if (message !== undefined) {
      const before = told.at(-1);
      const mayTie = before !== undefined && 'message' in before && !isOfEdge(message) && !isOfEdge(before.message);
      const occurred_at_ms = instant(mayTie);
      const answered = isOfEdge(message) ? { answered_at_ms: occurred_at_ms } : {};
      told.push({ message: numbered({ ...message, ...answered, occurred_at_ms }) });
    }
    if (request === undefined) continue;
    const { occurred_at_ms: _, ...rest } = numbered(request);
    told.push({ request: begins(request, told) && timeless ? rest : { ...rest, occurred_at_ms: instant() } });
  }
  return told;
}

/** Among the messages: our edge has approved a request that the card never hears. */
function withAnswerOfEdge(draw: Draw, messages: readonly CardMessage[], standsIn: boolean): readonly CardMessage[] {
  if (!standsIn) return messages;
  const answer: CardMessage = {
    ...{ message_key: 'in-place', request_key: 'stood-in', kind: 'advice', decided_by: 'edge' },
    ...{ hold_minor: draw.between(1, 1_000), currency: cardCurrency, authorization_key: '', merchant: null },
  };
  return messages.toSpliced(draw.below(messages.length + 1), 0, answer);
}

function isOfEdge(message: CardMessage): boolean {
  return message.kind === 'advice' && message.decided_by === 'edge';
}

function standsInFor(told: readonly Told[]): boolean {
  return told.some((one) => 'message' in one && isOfEdge(one.message));
}

const otherName = 'the-other-name';

/** Under the purchase's first name or another. A request that holds nothing may give both. */
function naming(draw: Draw, [first = '']: readonly string[]) {
  const hasTwo = draw.chance(0.6);
  return <T extends AuthorizationRequest | CardMessage>(one: T): T => {
    const { alias_key: _, ...others } = one;
    const isLinked = one.authorization_key !== null;
    const authorization_key = !isLinked ? null : hasTwo && draw.chance(0.4) ? otherName : first;
    const givesBoth = 'channel' in one && one.amount_minor === 0 && draw.chance(0.3);
    const alias = givesBoth ? { alias_key: authorization_key === first ? otherName : first } : {};
    return { ...others, authorization_key, ...alias } as T;
  };
}

/** One of the messages, at any place among them, says that both names are one. */
function withTie(draw: Draw, messages: readonly CardMessage[], [first = '']: readonly string[]): CardMessage[] {
  const tie: CardMessage = {
    ...{ message_key: 'tie', kind: 'refund', amount_minor: 0, currency: cardCurrency, merchant: null },
    ...(draw.chance(0.5)
      ? { authorization_key: first, alias_key: otherName }
      : { authorization_key: otherName, alias_key: first }),
  };
  return messages.toSpliced(draw.below(messages.length + 1), 0, tie);
}

/** The first request, where it approves something: it comes before all that is told, whenever that is. */
function begins(request: AuthorizationRequest, before: readonly Told[]): boolean {
  return request.kind === 'authorization' && isApproval({ request }) && before.every((one) => 'message' in one);
}

/** A request that this profile, without limits, approves for more than 0. */
function isApproval(one: Told): boolean {
  return 'request' in one && movesMoney(one.request) && one.request.amount_minor > 0;
}

function instantOf(one: Told): number {
  return ('message' in one ? one.message.occurred_at_ms : one.request.occurred_at_ms) ?? 0;
}

/** By its instant; at one instant by its number. */
function isAfter(one: Told, other: Told): boolean {
  const [oneMs, otherMs] = [instantOf(one), instantOf(other)];
  return oneMs === otherMs ? numberOf(one) > numberOf(other) : oneMs > otherMs;
}

function numberOf(one: Told): number {
  return ('message' in one ? one.message.order : one.request.order) ?? 0;
}

/** The requests keep their order, because a network waits for its answer; the messages come at any time after they happened. */
function reordered(draw: Draw, told: readonly Told[]): Told[] {
  const messages = draw.shuffled(told.filter((one) => 'message' in one));
  const asked = told.filter((one) => 'request' in one);
  const line: Told[] = [];
  while (messages.length + asked.length > 0) {
    const [next] = asked;
    const isFree = !standsInFor(told) && next !== undefined && 'request' in next && begins(next.request, line);
    const [soonest] = isFree ? asked.slice(1) : asked;
    const place = messages.findIndex((one) => soonest === undefined || !isAfter(one, soonest));
    const message = place >= 0 && (asked.length === 0 || draw.chance(0.5)) ? messages.splice(place, 1)[0] : undefined;
    const one = message ?? asked.shift();
    if (one === undefined) break;
    line.push(one);
    if (draw.chance(0.1)) line.push(one);
  }
  return line;
}

/** The request is given up at any time after the card knows of its approval. */
function givenUp(draw: Draw, line: readonly Told[], key: string | null): Step[] {
  const known = line.findIndex((one) => keyOf(one) === key);
  if (key === null || known === -1) return [...line];
  return (line as readonly Step[]).toSpliced(draw.between(known + 1, line.length), 0, { givesUp: key });
}

function keyOf(one: Told): string | undefined {
  if ('request' in one) return one.request.request_key;
  return one.message.kind === 'advice' ? one.message.request_key : undefined;
}

/** The key of one approval, or of none. */
function keyToGiveUp(draw: Draw, told: readonly Told[]): string | null {
  const keys = told.flatMap((one) => ('request' in one ? one.request.request_key : []));
  if (standsInFor(told)) keys.push('stood-in');
  return keys.length > 0 && draw.chance(0.25) ? draw.pick(keys) : null;
}

/** How far ahead the card's clock is at one reading. It would date what has no stamp, so that this could end otherwise. */
function daysAhead(draw: Draw, one: Told): number {
  return instantOf(one) > 0 && draw.chance(0.1) ? draw.pick([3, draw.between(3, 40), 400]) : 0;
}

function takeStep(step: Step, clockMs: number, card: Card, model: Model): void {
  if ('givesUp' in step) {
    card.void(step.givesUp, clockMs);
    model.void(step.givesUp, clockMs);
  } else if ('message' in step) {
    card.receive(step.message, clockMs);
    model.message(step.message, clockMs);
  } else {
    card.authorize(step.request, clockMs);
    model.authorize(step.request, clockMs, null);
  }
}

/** Tries some orders; how many. */
export function holdOrder(draw: Draw, makeCard: MakeCard, purchase: Purchase, startMs: number): number {
  const told = story(draw, purchase, startMs);
  const key = keyToGiveUp(draw, told);
  const orders = [told, ...Array.from({ length: 3 }, () => reordered(draw, told))].map((line) =>
    givenUp(draw, line, key),
  );
  const isExact = standsInFor(told);
  const [first, ...others] = orders.map((order) => {
    const store = new Store(0);
    const card = makeCard(store, null, []);
    const model = new Model();
    card.putProfile(unlimited, startMs);
    model.putProfile(unlimited, startMs);
    // Arrival: in time at first, or after all has happened.
    let atMs = startMs + (isExact || draw.chance(0.5) ? 0 : 2_000 * hourMs);
    for (const one of order) {
      atMs = Math.max(atMs + (isExact ? 0 : draw.below(60_000)), 'givesUp' in one ? 0 : instantOf(one));
      const clockMs = atMs + (isExact || 'givesUp' in one ? 0 : daysAhead(draw, one) * 24 * hourMs);
      takeStep(one, clockMs, card, model);
      store.commit();
    }
    const { held_minor, posted_minor, uses } = card.state;
    hold('order_changes_nothing', `held after ${JSON.stringify(order)}`, held_minor, model.totals.held_minor);
    return { order, ended: JSON.stringify({ held_minor, posted_minor, uses }) };
  });
  for (const { order, ended } of others)
    if (ended !== first?.ended)
      hold(
        'order_changes_nothing',
        `the end of ${JSON.stringify(order)} beside ${JSON.stringify(told)}`,
        ended,
        first?.ended,
      );
  return orders.length;
}
