// The native network: the same life of an authorization in our own JSON, signed by Standard Webhooks, for whoever has no
// adapter. A decline is HTTP 200 with its reason. The contract is ours, so unknown fields of a request are refused; of a message,
// which states a fact, they are passed over, and what cannot be booked is kept for a person.

import * as z from 'zod/mini';
import type { Unread } from '../../contracts/attributes.ts';
import { authorizationRequestSchema } from '../../contracts/authorization-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import { isFields, requestRead } from '../../contracts/decorations.ts';
import { limits } from '../../contracts/limits.ts';
import { networkKeySchema } from '../../contracts/network.ts';
import { Refusal } from '../../contracts/problem.ts';
import { inShape, parseFacts, parseWhole, readText, refuseCardData, refuseCardFields } from '../body.ts';
import { authorize } from '../card-call.ts';
import { type CardNames, callCard, cardAway, severalTimes, standInDesk } from '../card-object.ts';
import { requireSignature } from '../credentials.ts';
import { type Env, settingsOf } from '../env.ts';
import { logUnread } from '../log.ts';
import { type Call, section } from '../section.ts';
import { tracesOf } from '../traces.ts';
import { mayWake } from '../unknown-cards.ts';
import { keyReused, nativeIdentifiers, queueMessages, type Stored, storeMessage } from './native-messages.ts';

const authorizationBodySchema = z.strictObject({
  card_token: networkKeySchema,
  request: authorizationRequestSchema,
  /** How long the caller waits for the answer, in milliseconds from here; afterwards nothing is approved any more. */
  deadline_ms: z._default(
    z.int().check(z.minimum(limits.nativeDeadlineMsMin), z.maximum(limits.nativeDeadlineMsMax)),
    limits.nativeDeadlineMs,
  ),
});

/** Other fields are passed over, as of a message. However many there are, none is refused for coming with the others. */
const messagesBodySchema = z.object({ messages: z.array(z.unknown()).check(z.minLength(1)) });

const voidBodySchema = z.strictObject({ card_token: networkKeySchema, request_key: networkKeySchema });

/** A shop's name is masked where it is read; any other text of a request is none of the contract's. */
const notSearched: ReadonlySet<string> = new Set([...nativeIdentifiers, 'merchant.name']);

interface Opened {
  readonly arrivedAtMs: number;
  readonly body: unknown;
}

async function open({ request, env, url }: Call): Promise<Opened> {
  const arrivedAtMs = Date.now();
  const isBatch = url.pathname.endsWith('/messages');
  const text = await readText(request, isBatch ? limits.batchBytesMax : limits.bodyBytesMax);
  await requireSignature(request.headers, text, settingsOf(env).NATIVE_SECRETS);
  const body = isBatch ? parseFacts(text) : parseWhole(text);
  if (!isBatch) refuseCardData(body, notSearched);
  return { arrivedAtMs, body };
}

export const native = section(open, {
  'POST /authorizations': async ({ request: { headers }, env, execution }, { arrivedAtMs, body }) => {
    const { card_token, request, deadline_ms } = inShape(authorizationBodySchema, withRequestRead(body));
    const answer = await authorize(env, execution, {
      network: 'native',
      cardToken: card_token,
      request,
      arrivedAtMs,
      deadlineMs: deadline_ms,
      traces: tracesOf(headers),
    });
    switch (answer.outcome) {
      case 'decided':
        return Response.json({ authorization_id: answer.authorization_id, ...answer.decision });
      case 'stood_in':
        return Response.json({ ...stoodIn, approved_minor: request.amount_minor, hold_minor: request.amount_minor });
      case 'unavailable':
        throw keySpent();
    }
  },
  'POST /messages': async ({ request, env }, { body }) => {
    const { messages } = inShape(messagesBodySchema, body);
    const results = await storeBatch(env, messages, tracesOf(request.headers));
    // Last, since a fact is not lost for what stands beside it: whoever sends card data has to hear of it all the same.
    if (isFields(body)) refuseCardFields({ ...body, messages: [] });
    const reused = results.flatMap((result) => (result.outcome === 'conflict' ? [result] : []));
    if (reused.length > 0) throw keyReused(reused);
    return Response.json({ results });
  },
  'POST /voids': async ({ env }, { body }) => {
    const { card_token, request_key } = inShape(voidBodySchema, body);
    const outcome = await giveUpRequest(env, cardOf(card_token), request_key).catch((error: unknown) => {
      throw cardAway('native', error);
    });
    return Response.json({ request_key, outcome });
  },
});

/** All or an error: what was stored is known by its key when the batch comes again. */
async function storeBatch(env: Env, messages: readonly unknown[], traces: string): Promise<Stored[]> {
  const unread: Unread = new Set();
  const [first, beyond] = [messages.slice(0, limits.batchDirectMax), messages.slice(limits.batchDirectMax)];
  const rest = { name: 'messages', from: first.length, elements: beyond };
  const outcomes = await Promise.allSettled([
    ...first.map((element, index) => storeMessage(env, element, index, unread, traces).then((stored) => [stored])),
    ...(beyond.length === 0 ? [] : [queueMessages(env, rest, unread)]),
  ]);
  logUnread('native', unread);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw cardAway('native', failed.reason);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
}

const cardOf = (cardToken: string) => ({ network: 'native', cardToken }) as const;

/**
 * What the edge stood in for is told first, so that the void is the newer of the two though the queue may bring the other again;
 * and the desk never stands in for that key again.
 */
async function giveUpRequest(env: Env, card: CardNames, requestKey: string) {
  if (!(await mayWake(env, card))) return 'stored';
  const isStoodInFor = settingsOf(env).NATIVE_FAILURE_POLICY === 'stand_in';
  const stoodIn = isStoodInFor ? await severalTimes(() => standInDesk(env, card).giveUp(requestKey)) : null;
  if (stoodIn !== null) await callCard(env, card, (object) => object.receive(stoodIn));
  return (await callCard(env, card, (object) => object.void(requestKey))).outcome;
}

function withRequestRead(body: unknown): unknown {
  if (!isFields(body)) return body;
  const unread: Unread = new Set();
  const request = requestRead(body['request'], unread);
  logUnread('native', unread);
  const { deadline_ms = null, ...others } = body;
  return {
    ...others,
    ...('request' in body ? { request } : {}),
    ...(deadline_ms === null ? {} : { deadline_ms }),
  };
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
