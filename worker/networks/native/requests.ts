// The native network's requests, and voids of them: what is asked, in the contract's shape, and what its caller hears.

import * as z from 'zod/mini';
import type { Unread } from '../../../contracts/attributes.ts';
import { authorizationRequestSchema } from '../../../contracts/authorization-request.ts';
import type { Decision } from '../../../contracts/decision.ts';
import { isFields, requestRead } from '../../../contracts/decorations.ts';
import { networkKeySchema } from '../../../contracts/network.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { inShape, parseWhole, refuseCardData } from '../../body.ts';
import type { Asked, Outcome } from '../network.ts';
import { nativeIdentifiers } from './facts.ts';

/**
 * The strictest documented issuer limit is 1,500 ms (Treasury Prime). What a caller may ask for instead: above, Lithic's 6 s is the longest
 * limit of any issuer contract; below, half of it must be left beside a stand-in.
 */
export const nativeDeadlinesMs = { usual: 1_400, min: 500, max: 6_000 } as const;

const bodySchema = z.strictObject({
  card_token: networkKeySchema,
  request: authorizationRequestSchema,
  /** How long the caller waits for the answer, in milliseconds from here; afterwards nothing is approved any more. */
  deadline_ms: z.optional(z.int().check(z.minimum(nativeDeadlinesMs.min), z.maximum(nativeDeadlinesMs.max))),
});

const voidBodySchema = z.strictObject({ card_token: networkKeySchema, request_key: networkKeySchema });

/** A shop's name is masked where it is read; any other text of a request is none of the contract's. */
const notSearched: ReadonlySet<string> = new Set([...nativeIdentifiers, 'merchant.name']);

function bodyOf(text: string): unknown {
  const body = parseWhole(text);
  refuseCardData(body, notSearched);
  return body;
}

export function parseRequest(text: string, unread: Unread): Asked {
  const { card_token, request, deadline_ms } = inShape(bodySchema, withRequestRead(bodyOf(text), unread));
  const { amount_minor } = request;
  return {
    ...{ cardToken: card_token, request, deadlineMs: deadline_ms },
    render: (answer) => ({ status: 200, body: wordsOf(answer, amount_minor) }),
  };
}

export function parseVoid(text: string) {
  const { card_token, request_key } = inShape(voidBodySchema, bodyOf(text));
  return { cardToken: card_token, requestKey: request_key };
}

function withRequestRead(body: unknown, unread: Unread): unknown {
  if (!isFields(body)) return body;
  const request = requestRead(body['request'], unread);
  const { deadline_ms = null, ...others } = body;
  return {
    ...others,
    ...('request' in body ? { request } : {}),
    ...(deadline_ms === null ? {} : { deadline_ms }),
  };
}

function wordsOf(answer: Outcome, amount_minor: number): object {
  switch (answer.outcome) {
    case 'decided':
      return { authorization_id: answer.authorization_id, ...answer.decision };
    case 'stood_in':
      return { ...stoodIn, approved_minor: amount_minor, hold_minor: amount_minor };
    case 'unavailable':
      throw keySpent();
  }
}

/** The edge approved in the card's place; the card has not looked at it, and there is no id of ours yet. */
const stoodIn = {
  authorization_id: null,
  outcome: 'approved',
  stood_in: true,
  reason: null,
  control_id: null,
  available_minor: null,
  profile_version: null,
  trace: [],
} as const satisfies Partial<Decision> & Record<string, unknown>;

/**
 * The request is given up, for good: a repeat of its key could not be told from the first copy of it that is still on its way,
 * and nobody may be waiting for that one. So this 503 asks for a new key, and has no `Retry-After` that would repeat the old one.
 */
function keySpent(): Refusal {
  const message =
    'The card could not be reached in time. Nothing is approved under this request_key, now or later: ask again with a new one.';
  const problem = 'is spent; ask again with a new one and the same authorization_key';
  return new Refusal(503, 'request_key_spent', message, [{ field: 'request.request_key', problem }]);
}
