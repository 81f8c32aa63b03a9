// What a network states, told to its cards before the answer: stored, kept for a person, or left to a queue; and what was kept, once more.
// One element that cannot be booked holds up no other. What is stored already changes nothing when the batch comes again.

import type { Unread } from '../../contracts/attributes.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { type CardNotice, receiveNotice, voidNotice } from '../../contracts/card-notice.ts';
import { maskCardNumbers } from '../../contracts/card-numbers/card-numbers.ts';
import { isFields } from '../../contracts/decorations.ts';
import type { KeptFact } from '../../contracts/kept-fact.ts';
import { limits } from '../../contracts/limits.ts';
import { cardKey, type Network } from '../../contracts/network.ts';
import { type FieldProblem, Refusal } from '../../contracts/problem.ts';
import { cut, plain } from '../../contracts/text.ts';
import { type CardNames, callCard, cardAway } from '../card-object.ts';
import { type Env, failurePolicyOf, settingsOf } from '../env.ts';
import { keepFact } from '../keep-facts.ts';
import { logEvent, logUnread } from '../log.ts';
import { type FactAnswer, objectionTo, receiveFact } from '../receive-fact.ts';
import { tracesOf } from '../traces.ts';
import { mayWake } from '../unknown-cards.ts';
import { readAt } from './answer-request.ts';
import { nativeFacts } from './native/facts.ts';
import type { Batch, CardNetwork, Element, FactResult, Facts, Notice } from './network.ts';
import { queueRest } from './queue-rest.ts';

export async function takeFacts(network: CardNetwork, raw: Request, env: Env): Promise<Response> {
  const { facts } = network;
  const body = facts.parse(await readAt(network, facts.path, raw, env, limits.batchBytesMax));
  const results = await storeAll(env, network, facts.batchOf(body), tracesOf(raw.headers));
  return facts.render(results, body);
}

/** All or an error, upon which the network sends the batch again. */
async function storeAll(env: Env, network: CardNetwork, batch: Batch, traces: string): Promise<FactResult[]> {
  const unread: Unread = new Set();
  const outcomes = await Promise.allSettled([
    ...batch.elements.map((one) => storeOrKeep(env, network, one, unread, traces)),
    ...batch.unknown.map(({ problem, ...one }) => keep(env, network, one, { field: one.at, problem })),
    ...batch.rest.map((rest) =>
      queueRest(env, network, rest, (element, at) => noticesFor(env, network, element, at, unread)),
    ),
  ]);
  logUnread(network.name, unread);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw cardAway(network.name, failed.reason);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
}

/** What an element asks of cards, for the queue; or the field that cannot be booked. */
function noticesFor(
  env: Env,
  { name, facts }: CardNetwork,
  element: unknown,
  at: string,
  unread: Unread,
): CardNotice[] | FieldProblem {
  const notice = noticeOrProblem(facts, element, at, unread);
  if ('problem' in notice) return notice;
  if (notice.does === 'nothing') return [];
  const card_key = cardKey(name, notice.cardToken);
  if (notice.does === 'void') {
    const given = voidNotice(card_key, notice.requestKey, null);
    const release = releaseIn(env, name, notice);
    return release === null ? [given] : [given, receiveNotice(card_key, release)];
  }
  const objection = objectionTo(notice.message, settingsOf(env).AMOUNT_MAX);
  if (objection !== null) return { field: facts.fieldOf(objection.field, at), problem: objection.problem };
  return [receiveNotice(card_key, notice.message)];
}

function noticeOrProblem(facts: Facts, element: unknown, at: string, unread: Unread): Notice | FieldProblem {
  try {
    return facts.noticeOf(element, at, unread);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.details[0] ?? { field: at, problem: error.message };
  }
}

async function storeOrKeep(
  env: Env,
  network: CardNetwork,
  one: Element,
  unread: Unread,
  traces: string,
): Promise<FactResult> {
  const { name, facts } = network;
  const notice = noticeOrProblem(facts, one.element, one.at, unread);
  if ('problem' in notice) return keep(env, network, one, notice);
  const answer = await store(env, name, notice, (card, message) => receiveFact(env, card, message, traces));
  if (answer !== null && 'field' in answer) {
    const { field, reason, problem } = { reason: 'key_reused' as const, problem: keyReused, ...answer };
    return keep(env, network, one, { field: facts.fieldOf(field, one.at), problem }, reason);
  }
  return { ...one, outcome: answer?.outcome === 'repeated' ? 'repeated' : 'stored' };
}
const keyReused = 'differs from the first message with this key';

async function keep(
  env: Env,
  { name, facts }: CardNetwork,
  one: Element,
  what: FieldProblem,
  reason: KeptFact['reason'] = 'out_of_contract',
): Promise<FactResult> {
  const { element } = one;
  const cardToken = isFields(element) ? element['card_token'] : null;
  const odd = { fact: element, cardToken, reason, ...what, merchant: facts.merchantIn(element) };
  await keepFact(env, name, facts.identifiers, odd);
  return { ...one, outcome: 'kept', is_reused: reason === 'key_reused', ...what };
}

type Receive = (card: CardNames, message: CardMessage) => Promise<FactAnswer>;

/** Tells the card, by `receive` what is stated of money; null where nothing was. */
async function store(env: Env, network: Network, notice: Notice, receive: Receive): Promise<FactAnswer | null> {
  if (notice.does === 'nothing') {
    logEvent('info', 'webhook_ignored', { network, type: cut(maskCardNumbers(plain(notice.type))) });
    return null;
  }
  const card = { network, cardToken: notice.cardToken };
  if (notice.does === 'receive') return await receive(card, notice.message);
  if (!(await mayWake(env, card))) return null;
  await callCard(env, card, (object) => object.void(notice.requestKey, { byNetwork: true }));
  const release = releaseIn(env, network, notice);
  return release === null ? null : await receive(card, release);
}

/** What the edge approved in the card's place no request of the card's stands for: its hold is released by itself. */
function releaseIn(env: Env, network: Network, { release }: Extract<Notice, { does: 'void' }>): CardMessage | null {
  return failurePolicyOf(settingsOf(env), network).policy === 'stand_in' ? release : null;
}

/** A fact that was kept, once more, from its evidence: numbers as they were, free text masked. False: it cannot be booked now either. */
export async function storeKept(env: Env, { name, facts }: CardNetwork, fact: string): Promise<boolean> {
  // What came by the queue of notices is in the words of our own network.
  const notices = noticesIn(facts, fact) ?? noticesIn(nativeFacts, fact);
  if (notices === null) return false;
  // A person has said that it is to be booked, whatever spoke against it.
  const receive = (card: CardNames, message: CardMessage) => callCard(env, card, (object) => object.receive(message));
  const answers = await Promise.all(notices.map((notice) => store(env, name, notice, receive)));
  return answers.every((answer) => answer?.outcome !== 'conflict');
}

/** Null where they cannot all be read. Of a large batch, elements that could not be read share a fact. */
function noticesIn(facts: Facts, fact: string): Notice[] | null {
  try {
    const parsed = facts.parse(fact);
    return (Array.isArray(parsed) ? parsed : [parsed]).map((one) => facts.noticeOf(one, 'fact', new Set()));
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
