// What Marqeta's webhook states, told to the cards: stored, kept for a person, or left to the queue; and what was kept, once more.

import type { Unread } from '../../../contracts/attributes.ts';
import type { Merchant } from '../../../contracts/authorization-request.ts';
import type { CardMessage } from '../../../contracts/card-message.ts';
import { type CardNotice, receiveNotice, voidNotice } from '../../../contracts/card-notice.ts';
import { maskCardNumbers } from '../../../contracts/card-numbers/card-numbers.ts';
import { isFields } from '../../../contracts/decorations.ts';
import type { KeptFact } from '../../../contracts/kept-fact.ts';
import { cardKey } from '../../../contracts/network.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { cut, plain } from '../../../contracts/text.ts';
import { type CardNames, callCard } from '../../card-object.ts';
import { type Env, settingsOf } from '../../env.ts';
import { keepFact } from '../../keep-facts.ts';
import { logEvent, logUnread } from '../../log.ts';
import { type FactAnswer, objectionTo, receiveFact } from '../../receive-fact.ts';
import { mayWake } from '../../unknown-cards.ts';
import { storeKeptNative } from '../native-messages.ts';
import { queueRest, type RestReader } from '../rest-of-batch.ts';
import type { Batch, Element } from './batch.ts';
import { type Notice, noticeOf } from './webhook.ts';
import { marqetaIdentifiers, merchantOrNull, parseMarqeta, refusalOf } from './wire.ts';

/**
 * Stores every element before the 200. One that cannot be booked is kept for a person, and holds up no other; where a card or
 * the queue cannot be reached Marqeta sends the batch again, and what is stored already changes nothing.
 */
export async function storeAll(env: Env, { transactions, unknown, rest }: Batch, traces: string): Promise<void> {
  const unread: Unread = new Set();
  const outcomes = await Promise.allSettled([
    ...transactions.map((one) => storeOrKeep(env, one, unread, traces)),
    ...unknown.map(({ element, at, problem }) => keep(env, element, refusalOf(at, problem))),
    ...rest.map((one) => queueRest(env, one, restReader(env, one.problem, unread))),
  ]);
  logUnread('marqeta', unread);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length === 0) return;
  logEvent('error', 'webhook_not_stored', {
    network: 'marqeta',
    failed: failures.length,
    error: String(failures[0]),
  });
  throw new Refusal(503, 'card_unavailable', `${failures.length} of ${outcomes.length} elements were not stored.`);
}

/** `problem`: of notifications of a kind that nobody knows, which are all kept. */
function restReader(env: Env, problem: string | null, unread: Unread): RestReader {
  return {
    ...{ network: 'marqeta', identifiers: marqetaIdentifiers, merchantIn },
    read: (element, at) => {
      if (problem !== null) return { field: at, problem };
      try {
        const notice = noticeOf(element, at, unread);
        const message = notice.does === 'receive' ? notice.message : null;
        const objection = message && objectionTo(message, settingsOf(env).AMOUNT_MAX);
        if (objection !== null)
          return { field: `${at}.${marqetaNames[objection.field] ?? objection.field}`, problem: objection.problem };
        return cardNoticesOf(env, notice);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return error.details[0] ?? { field: at, problem: error.message };
      }
    },
  };
}

/** A notice for the queue that tells cards: what `store` would tell the card itself. */
function cardNoticesOf(env: Env, notice: Notice): CardNotice[] {
  if (notice.does === 'nothing') return [];
  const card_key = cardKey('marqeta', notice.cardToken);
  if (notice.does === 'receive') return [receiveNotice(card_key, notice.message)];
  const { requestKey, release } = notice;
  const given = voidNotice(card_key, requestKey, null);
  if (release === null || settingsOf(env).MARQETA_FAILURE_POLICY !== 'stand_in') return [given];
  return [given, receiveNotice(card_key, release)];
}

async function storeOrKeep(env: Env, { element, at }: Element, unread: Unread, traces: string): Promise<void> {
  let notice: Notice;
  try {
    notice = noticeOf(element, at, unread);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return keep(env, element, error);
  }
  const answer = await store(env, notice, (card, message) => receiveFact(env, card, message, traces));
  if (answer === null || !('field' in answer)) return;
  const { field, reason, problem } = { reason: 'key_reused' as const, problem: keyReused, ...answer };
  await keep(env, element, refusalOf(`${at}.${marqetaNames[field] ?? field}`, problem), reason);
}
const keyReused = 'differs from the first message with this token';

/** A fact that was kept, once more, from its evidence: numbers as they were, free text masked. False: it cannot be booked now either. */
export async function storeKeptMarqeta(env: Env, fact: string): Promise<boolean> {
  let notices: Notice[];
  try {
    const parsed = parseMarqeta(fact);
    // Of a large batch, elements that could not be read share a fact.
    notices = (Array.isArray(parsed) ? parsed : [parsed]).map((one) => noticeOf(one, 'fact', new Set()));
  } catch (error) {
    // What came by the queue of notices is in the words of our own network.
    if (error instanceof Refusal) return await storeKeptNative(env, fact, 'marqeta');
    throw error;
  }
  // A person has said that it is to be booked, whatever spoke against it.
  const receive = (card: CardNames, message: CardMessage) => callCard(env, card, (object) => object.receive(message));
  const answers = await Promise.all(notices.map((notice) => store(env, notice, receive)));
  return answers.every((answer) => answer?.outcome !== 'conflict');
}

/** Marqeta's names of what makes a message the fact that it is. */
const marqetaNames: Readonly<Record<string, string>> = {
  kind: 'type',
  amount_minor: 'amount',
  hold_minor: 'amount',
  currency: 'currency_code',
  authorization_key: 'preceding_related_transaction_token',
  alias_key: 'preceding_related_transaction_token',
  final: 'is_final_clearing',
  occurred_at_ms: 'created_time',
};

function keep(
  env: Env,
  element: unknown,
  { details: [first], message }: Refusal,
  reason: KeptFact['reason'] = 'out_of_contract',
): Promise<void> {
  return keepFact(env, 'marqeta', marqetaIdentifiers, {
    fact: element,
    cardToken: isFields(element) ? element['card_token'] : null,
    reason,
    field: first?.field ?? null,
    problem: first?.problem ?? message,
    merchant: merchantIn(element),
  });
}

/** Null where none can be read. */
function merchantIn(element: unknown): Merchant | null {
  return isFields(element) ? merchantOrNull(element['card_acceptor'], new Set()) : null;
}

type Receive = (card: CardNames, message: CardMessage) => Promise<FactAnswer>;

/** Tells the card, by `receive` what is stated of money; null where nothing was. */
async function store(env: Env, notice: Notice, receive: Receive): Promise<FactAnswer | null> {
  switch (notice.does) {
    case 'receive':
      return await receive({ network: 'marqeta', cardToken: notice.cardToken }, notice.message);
    case 'void': {
      const card = { network: 'marqeta', cardToken: notice.cardToken } as const;
      const { requestKey, release } = notice;
      if (!(await mayWake(env, card))) return null;
      await callCard(env, card, (object) => object.void(requestKey));
      // What the edge approved in the card's place no request of the card's stands for: its hold is released by itself.
      if (release === null || settingsOf(env).MARQETA_FAILURE_POLICY !== 'stand_in') return null;
      return await receive(card, release);
    }
    case 'nothing':
      logEvent('info', 'webhook_ignored', { network: 'marqeta', type: cut(maskCardNumbers(plain(notice.type))) });
      return null;
  }
}
