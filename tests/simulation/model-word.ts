// What a message of the network tells the model of one purchase: a fact of its hold, or a sum.

import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Answered, GivenInPlace, StoodIn } from './model-answer.ts';
import type { ModelLife } from './model-life.ts';
import { beginningOf, type Fact, messagePlace, type Place, type When } from './model-order.ts';
import { holdDays, shopOf } from './model-reading.ts';

const dayMs = 86_400_000;

type Advice = Extract<CardMessage, { kind: 'advice' }>;
export interface OfEdge extends Advice {
  readonly request_key: string;
}

/** Our own edge answered a request in the card's place. */
export function isOfEdge(message: CardMessage): message is OfEdge {
  return message.kind === 'advice' && message.decided_by === 'edge' && message.request_key !== undefined;
}

/** What the card has for a request itself, and what the edge had said of it before. */
export interface HasForRequest {
  readonly own: Answered | null;
  readonly inPlace: StoodIn | null;
}

/** The edge has said yes: what is held for that in addition, from when it was said. */
function givenInPlace(message: OfEdge, has: HasForRequest, nowMs: number): GivenInPlace | 'lowers' {
  const { hold_minor, answered_at_ms, occurred_at_ms } = message;
  const given_ms = Math.min(nowMs, answered_at_ms ?? occurred_at_ms ?? nowMs);
  const own = has.own?.approval ?? null;
  const said = earlierOf(has.inPlace);
  if (own !== null && said.length === 0 && own.minor > hold_minor) return 'lowers';
  const all = [own === null ? null : { minor: own.minor, told: has.own?.decision.approved_minor ?? 0 }, ...said];
  let [minor, told] = [hold_minor, hold_minor];
  for (const one of all) [minor, told] = [minor - (one?.minor ?? 0), told - (one?.told ?? 0)];
  return { given_ms, minor: Math.max(0, minor), told: Math.max(0, told) };
}

export function earlierOf(inPlace: StoodIn | null): readonly GivenInPlace[] {
  return inPlace !== null && 'length' in inPlace.held ? inPlace.held : [];
}

/** As if it had never been approved: what the network said of the purchase stands. */
export function giveUp(life: ModelLife | undefined, { request, approval }: Answered, nowMs: number): void {
  if (life === undefined) return;
  life.heardUntil(nowMs);
  life.touched_ms = nowMs;
  if (approval === null) return;
  const { minor, given_ms } = approval;
  life.move(nowMs, { voidedMs: given_ms }, () => {
    life.approvalBecomes(request.request_key, given_ms, 0);
    life.approved_minor -= minor;
  });
}

/** What was said in the card's place is taken back: an approval of our edge, or all that an advice said. */
export function giveUpInPlace(life: ModelLife | undefined, key: string, stoodIn: StoodIn, nowMs: number): void {
  life?.heardUntil(nowMs);
  life?.move(nowMs, {}, () => endInPlace(life, key, stoodIn));
}

function endInPlace(life: ModelLife, requestKey: string, { held, minor }: StoodIn): void {
  if (!('length' in held)) {
    life.sayingEnds(held);
    if (minor > 0) life.advised--;
    return;
  }
  for (const { given_ms } of held) life.approvalBecomes(`edge ${requestKey}`, given_ms, 0);
  life.advised -= held.length;
}

/** Where it stands, or what our edge has given. */
export function tellWord(
  life: ModelLife,
  message: CardMessage,
  profile: Profile | null,
  now: When,
  has: HasForRequest,
): Place | readonly GivenInPlace[] {
  const nowMs = now.heard_ms;
  if (isOfEdge(message)) return tellOfEdge(life, message, profile, now, has);
  const place = messagePlace(life.facts, message, nowMs);
  if ('merchant' in message) life.learnMerchant(message.merchant);
  life.move(nowMs, {}, () => tell(life, message, place, profile, now));
  return place;
}

function tellOfEdge(
  life: ModelLife,
  message: OfEdge,
  profile: Profile | null,
  now: When,
  has: HasForRequest,
): readonly GivenInPlace[] {
  const nowMs = now.heard_ms;
  const earlier = earlierOf(has.inPlace);
  if (message.hold_minor === 0) {
    life.touched_ms = nowMs;
    return earlier;
  }
  life.learnMerchant(message.merchant);
  const given = givenInPlace(message, has, nowMs);
  const how = given === 'lowers' || given.minor === 0 ? {} : { approved: { isMore: false, minor: given.minor } };
  life.move(nowMs, how, () => {
    if (given === 'lowers') lower(life, message, has.own);
    else tellGiven(life, message, given, now.number);
    life.advised++;
    holdFor(life, message, profile, nowMs);
  });
  if (given !== 'lowers') return [...earlier, given];
  const given_ms = Math.min(nowMs, message.answered_at_ms ?? message.occurred_at_ms ?? nowMs);
  return [...earlier, { given_ms, minor: 0, told: 0 }];
}

function lower(life: ModelLife, { request_key, hold_minor }: OfEdge, own: Answered | null): void {
  if (own?.approval) life.approvalBecomes(request_key, own.approval.given_ms, hold_minor);
}

function tellGiven(life: ModelLife, message: OfEdge, { given_ms, minor, told }: GivenInPlace, number: number): void {
  if (minor === 0 && told === 0) return;
  const given: When = { number, heard_ms: given_ms, byEdge: true };
  const fact: Fact = {
    ...beginningOf(message, given_ms),
    ...{ does: 'adds', minor, told, of: `edge ${message.request_key}`, why: 'advice' },
    ...given,
  };
  life.tellApart({ facts: [fact], begun: given, moved: given });
}

function holdFor(life: ModelLife, { merchant }: Advice, profile: Profile | null, nowMs: number): void {
  const category = shopOf(merchant, life.use.merchant)?.category ?? null;
  life.expires_at_ms = Math.max(life.expires_at_ms, nowMs + holdDays(profile, category) * dayMs);
}

function tell(life: ModelLife, message: CardMessage, place: Place, profile: Profile | null, now: When): void {
  const fact = (does: Fact['does'], minor: number): void =>
    life.tell({ ...place, does, minor, told: minor, ...now, of: null, why: message.kind });
  switch (message.kind) {
    case 'clearing':
      life.cleared_minor += message.amount_minor;
      if (message.final) fact('ends', 0);
      else fact('takes', message.amount_minor);
      break;
    case 'reversal':
      if (message.amount_minor === null) fact('ends', 0);
      else fact('takes', message.amount_minor);
      break;
    case 'expiry':
      fact('ends', 0);
      break;
    case 'refund':
      life.refunded_minor += message.amount_minor;
      life.refunds.push({ ms: now.heard_ms, minor: message.amount_minor });
      break;
    case 'advice':
      fact('says', message.hold_minor);
      if (message.hold_minor > 0) life.advised++;
      if (message.hold_minor > 0 && message.request_key !== undefined) life.begun ??= now;
      holdFor(life, message, profile, now.heard_ms);
  }
}
