// The native network's messages: each is told to its card, and what of a batch cannot be booked is kept for a person.

import * as z from 'zod/mini';
import type { Unread } from '../../contracts/attributes.ts';
import { type Merchant, merchantSchema } from '../../contracts/authorization-request.ts';
import { findCardField } from '../../contracts/card-data.ts';
import { cardMessageSchema } from '../../contracts/card-message.ts';
import { receiveNotice } from '../../contracts/card-notice.ts';
import { isFields, messageRead } from '../../contracts/decorations.ts';
import { fieldAgain, standsTwice } from '../../contracts/lost-by-json.ts';
import { cardKey, cardTokenSchema, type Network } from '../../contracts/network.ts';
import { type FieldProblem, fieldProblems, Refusal } from '../../contracts/problem.ts';
import { parseJson } from '../body.ts';
import { callCard } from '../card-object.ts';
import { type Env, settingsOf } from '../env.ts';
import { keepFact } from '../keep-facts.ts';
import { type HeldBack, objectionTo, receiveFact } from '../receive-fact.ts';
import { queueRest, type Rest } from './rest-of-batch.ts';

const elementSchema = z.object({ card_token: cardTokenSchema, message: cardMessageSchema });

/** Names of fields in which numbers are not searched for card numbers. */
export const nativeIdentifiers: ReadonlySet<string> = new Set(
  'request_key authorization_key alias_key message_key id'.split(' '),
);

/** What became of an element. `field` and `problem` say what is wrong with it. */
export type Stored =
  /** Heard by its card. With a field: that one is made for card data, and was dropped. */
  | ({ message_key: string; outcome: 'stored' | 'repeated' } & Partial<FieldProblem>)
  /** Of a large batch: it will be told to its card. */
  | { message_key: string | null; outcome: 'queued' }
  /** Out of contract: a person will look at it. */
  | ({ message_key: string | null; outcome: 'kept' } & FieldProblem)
  | { message_key: string; outcome: 'conflict'; field: string };

/** Tells one element to its card; what is out of contract is kept for a person, and holds up no other. */
export async function storeMessage(
  env: Env,
  element: unknown,
  index: number,
  unread: Unread,
  traces: string,
): Promise<Stored> {
  const at = `messages[${index}]`;
  const read = readElement(element, at, unread);
  if ('field' in read) {
    const cardToken = isFields(element) ? element['card_token'] : null;
    await keepFact(env, 'native', nativeIdentifiers, {
      ...{ fact: element, cardToken, reason: 'out_of_contract' as const, merchant: merchantIn(element) },
      ...read,
    });
    return { message_key: keyIn(element), outcome: 'kept', ...read };
  }
  const { card_token, message } = read;
  const answer = await receiveFact(env, { network: 'native', cardToken: card_token }, message, traces);
  const { message_key } = message;
  if (answer.outcome === 'held_back') {
    const { reason, problem } = answer;
    const field = fieldOf(answer, at);
    const odd = { fact: element, cardToken: card_token, reason, field, problem, merchant: merchantIn(element) };
    await keepFact(env, 'native', nativeIdentifiers, odd);
    return { message_key, outcome: 'kept', field, problem };
  }
  if (answer.outcome !== 'conflict') {
    const outcome = answer.outcome === 'nothing_to_release' ? 'stored' : answer.outcome;
    return { message_key, outcome, ...cardFieldIn(element, at) };
  }
  const field = `${at}.message.${answer.field}`;
  const problem = 'differs from the first message with this key';
  await keepFact(env, 'native', nativeIdentifiers, {
    fact: element,
    cardToken: card_token,
    reason: 'key_reused',
    field,
    problem,
    merchant: merchantIn(element),
  });
  return { message_key, outcome: 'conflict', field };
}

/** What a batch has beyond its first elements, by the queues; what became of each that was read. */
export async function queueMessages(env: Env, rest: Rest, unread: Unread): Promise<Stored[]> {
  const outcomes = await queueRest(env, rest, {
    ...{ network: 'native', identifiers: nativeIdentifiers, merchantIn },
    read: (element, at) => {
      const read = readElement(element, at, unread);
      if ('field' in read) return read;
      const objection = objectionTo(read.message, settingsOf(env).AMOUNT_MAX);
      if (objection !== null) return { field: fieldOf(objection, at), problem: objection.problem };
      return [receiveNotice(cardKey('native', read.card_token), read.message)];
    },
  });
  return outcomes.map((outcome, index) => ({ message_key: keyIn(rest.elements[index]), ...outcome }));
}

/** A fact that was kept, once more, from its evidence. False: it cannot be booked now either. */
export async function storeKeptNative(env: Env, fact: string, network: Network = 'native'): Promise<boolean> {
  const parsed = parseJson(fact);
  // Of a large batch, elements that could not be read share a fact.
  const read = (Array.isArray(parsed) ? parsed : [parsed]).map((one) => readElement(one, 'fact', new Set()));
  if (read.some((one) => 'field' in one)) return false;
  const answers = await Promise.all(
    read.map((one) => {
      if ('field' in one) throw new Error('not reached: the fact was read');
      // A person has said that it is to be booked, whatever spoke against it.
      return callCard(env, { network, cardToken: one.card_token }, (object) => object.receive(one.message));
    }),
  );
  return answers.every(({ outcome }) => outcome !== 'conflict');
}

function fieldOf({ field }: HeldBack, at: string): string {
  return field === 'card_token' ? `${at}.card_token` : `${at}.message.${field}`;
}

function readElement(element: unknown, at: string, unread: Unread): z.infer<typeof elementSchema> | FieldProblem {
  const again = fieldAgain(element);
  if (again !== null) return { field: `${at}.${again}`, problem: standsTwice };
  const read = elementSchema.safeParse(
    isFields(element) ? { ...element, message: messageRead(element['message'], unread) } : element,
  );
  if (read.success) return read.data;
  return fieldProblems(read.error, at)[0] ?? { field: at, problem: 'cannot be read' };
}

/** Null where none can be read. */
function merchantIn(element: unknown): Merchant | null {
  const message = isFields(element) ? messageRead(element['message'], new Set()) : null;
  return isFields(message) ? (merchantSchema.safeParse(message['merchant']).data ?? null) : null;
}

/** What a sender must hear of an element that was booked all the same: card data has no place in it, and was not kept. */
function cardFieldIn(element: unknown, at: string): Partial<FieldProblem> {
  const found = findCardField(element);
  if (found === null) return {};
  return { field: found.path === 'body' ? at : `${at}.${found.path}`, problem: found.problem };
}

function keyIn(element: unknown): string | null {
  const message = isFields(element) ? element['message'] : null;
  const key = isFields(message) ? message['message_key'] : null;
  return typeof key === 'string' ? key : null;
}

/** The other messages of the batch are stored: sent again without these, or with keys of their own, all are. */
export function keyReused(reused: readonly { field: string }[]): Refusal {
  return new Refusal(
    409,
    'message_key_reused',
    'A message key was used before for another message. The first one stands; the others of this batch are stored.',
    reused.map(({ field }) => ({ field, problem: 'differs from the first message with this key' })),
  );
}
