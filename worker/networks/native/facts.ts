// The native network's messages: a batch of them, each in the contract's shape, and what its sender hears of each.

import * as z from 'zod/mini';
import type { Unread } from '../../../contracts/attributes.ts';
import { type Merchant, merchantSchema } from '../../../contracts/authorization-request.ts';
import { findCardField } from '../../../contracts/card-data.ts';
import { cardMessageSchema } from '../../../contracts/card-message.ts';
import { isFields, messageRead } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { fieldAgain, standsTwice } from '../../../contracts/lost-by-json.ts';
import { cardTokenSchema } from '../../../contracts/network.ts';
import { type FieldProblem, Refusal } from '../../../contracts/problem.ts';
import { inShape, parseFacts, refusalOf, refuseCardFields } from '../../body.ts';
import { listOf } from '../list-of.ts';
import type { Batch, FactResult, Facts, Notice } from '../network.ts';

/** Other fields are passed over, as of a message. However many there are, none is refused for coming with the others. */
const bodySchema = z.object({ messages: z.array(z.unknown()).check(z.minLength(1)) });

const elementSchema = z.object({ card_token: cardTokenSchema, message: cardMessageSchema });

/** Names of fields in which numbers are not searched for card numbers. */
export const nativeIdentifiers: ReadonlySet<string> = new Set(
  'request_key authorization_key alias_key message_key id'.split(' '),
);

export const nativeFacts: Facts = {
  path: 'messages',
  parse: parseFacts,
  batchOf,
  noticeOf,
  merchantIn,
  fieldOf: (field, at) => (field === 'card_token' ? `${at}.card_token` : `${at}.message.${field}`),
  identifiers: nativeIdentifiers,
  render,
};

function batchOf(body: unknown): Batch {
  const { messages } = inShape(bodySchema, body);
  const { first, rest } = listOf(messages, 'messages', limits.batchDirectMax, null);
  return { elements: first, unknown: [], rest };
}

function noticeOf(element: unknown, at: string, unread: Unread): Notice {
  const again = fieldAgain(element);
  if (again !== null) throw refusalOf(`${at}.${again}`, standsTwice);
  const read = isFields(element) ? { ...element, message: messageRead(element['message'], unread) } : element;
  const { card_token, message } = inShape(elementSchema, read, at);
  return { does: 'receive', cardToken: card_token, message };
}

/** Null where none can be read. */
function merchantIn(element: unknown): Merchant | null {
  const message = isFields(element) ? messageRead(element['message'], new Set()) : null;
  return isFields(message) ? (merchantSchema.safeParse(message['merchant']).data ?? null) : null;
}

function render(results: readonly FactResult[], body: unknown): Response {
  // Last, since a fact is not lost for what stands beside it: whoever sends card data has to hear of it all the same.
  if (isFields(body)) refuseCardFields({ ...body, messages: [] });
  const reused = results.flatMap((result) => (result.outcome === 'kept' && result.is_reused ? [result.field] : []));
  if (reused.length > 0) throw keyReused(reused);
  return Response.json({ results: results.map(wordsOf) });
}

/** `field` and `problem` say what is wrong with an element: of one that was kept, or of card data that was dropped. */
function wordsOf({ element, at, outcome, ...result }: FactResult) {
  const message_key = keyIn(element);
  if ('problem' in result) return { message_key, outcome, field: result.field, problem: result.problem };
  return { message_key, outcome, ...(outcome === 'queued' ? {} : cardFieldIn(element, at)) };
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
function keyReused(fields: readonly string[]): Refusal {
  return new Refusal(
    409,
    'message_key_reused',
    'A message key was used before for another message. The first one stands; the others of this batch are stored.',
    fields.map((field) => ({ field, problem: 'differs from the first message with this key' })),
  );
}
