// The native network's messages: each is told to its card, and what of a batch cannot be booked is kept for a person.

import * as z from 'zod/mini';
import type { Unread } from '../../contracts/attributes.ts';
import { cardMessageSchema } from '../../contracts/card-message.ts';
import { type Fields, isFields, messageRead } from '../../contracts/decorations.ts';
import { networkKeySchema } from '../../contracts/network.ts';
import { fieldProblems, Refusal } from '../../contracts/problem.ts';
import { parseJson } from '../body.ts';
import { callCard } from '../card-object.ts';
import type { Env } from '../env.ts';
import { keepFact } from '../keep-facts.ts';

const elementSchema = z.object({ card_token: networkKeySchema, message: cardMessageSchema });

/** Names of fields in which numbers are not searched for card numbers. */
export const nativeIdentifiers: ReadonlySet<string> = new Set(
  'card_token request_key authorization_key alias_key message_key id'.split(' '),
);

type Stored =
  | { message_key: string; outcome: 'stored' | 'repeated' }
  /** Out of contract: a person will look at it. */
  | { message_key: string | null; outcome: 'kept'; field: string; problem: string }
  | { message_key: string; outcome: 'conflict'; field: string };

/** Tells one element to its card; what is out of contract is kept for a person, and holds up no other. */
export async function storeMessage(env: Env, element: unknown, index: number, unread: Unread): Promise<Stored> {
  const at = `messages[${index}]`;
  const fields = isFields(element) ? element : {};
  const read = readElement(element, unread);
  if (!read.success) {
    const [first] = fieldProblems(read.error, at);
    const { field = at, problem = 'cannot be read' } = first ?? {};
    await keepFact(env, 'native', nativeIdentifiers, {
      fact: element,
      cardToken: fields['card_token'],
      reason: 'out_of_contract',
      field,
      problem,
    });
    const { message_key } = isFields(fields['message']) ? fields['message'] : ({} as Fields);
    return { message_key: typeof message_key === 'string' ? message_key : null, outcome: 'kept', field, problem };
  }
  const { card_token, message } = read.data;
  const answer = await callCard(env, { network: 'native', cardToken: card_token }, (card) => card.receive(message));
  const { message_key } = message;
  if (answer.outcome !== 'conflict') return { message_key, outcome: answer.outcome };
  const field = `${at}.message.${answer.field}`;
  const problem = 'differs from the first message with this key';
  await keepFact(env, 'native', nativeIdentifiers, {
    fact: element,
    cardToken: card_token,
    reason: 'key_reused',
    field,
    problem,
  });
  return { message_key, outcome: 'conflict', field };
}

/** A fact that was kept, once more, from its evidence. False: it cannot be booked now either. */
export async function storeKeptNative(env: Env, fact: string): Promise<boolean> {
  const read = readElement(parseJson(fact), new Set());
  if (!read.success) return false;
  const { card_token, message } = read.data;
  const answer = await callCard(env, { network: 'native', cardToken: card_token }, (card) => card.receive(message));
  return answer.outcome !== 'conflict';
}

function readElement(element: unknown, unread: Unread) {
  return elementSchema.safeParse(
    isFields(element) ? { ...element, message: messageRead(element['message'], unread) } : element,
  );
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
