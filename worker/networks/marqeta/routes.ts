// POST /networks/marqeta/gateway and /networks/marqeta/webhook, both behind Basic authentication.

import { Hono } from 'hono/tiny';
import type { Unread } from '../../../contracts/attributes.ts';
import type { AuthorizationRequest, Merchant } from '../../../contracts/authorization-request.ts';
import type { CardMessage } from '../../../contracts/card-message.ts';
import { type CardNotice, receiveNotice, voidNotice } from '../../../contracts/card-notice.ts';
import { maskCardNumbers } from '../../../contracts/card-numbers/card-numbers.ts';
import { isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { cardKey } from '../../../contracts/network.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { secretsIn } from '../../../contracts/secret-strength.ts';
import { cut, plain } from '../../../contracts/text.ts';
import { inShape, lenientText, readBytes, refuseCardFields } from '../../body.ts';
import { authorize } from '../../card-call.ts';
import { type CardNames, callCard } from '../../card-object.ts';
import { basicHeader, requireBasic, requireMarqetaSignature } from '../../credentials.ts';
import { type Env, type Misconfigured, misconfigurationOf, type Settings, settingsOf } from '../../env.ts';
import { keepFact } from '../../keep-facts.ts';
import { logEvent, logUnread } from '../../log.ts';
import { type FactAnswer, objectionTo, receiveFact } from '../../receive-fact.ts';
import { storeKeptNative } from '../native-messages.ts';
import { queueRest, type RestReader } from '../rest-of-batch.ts';
import { type Batch, batchOf, type Element } from './batch.ts';
import { answerTo, requestOf, stoodInAnswer, unavailableAnswer, unreadableAnswer } from './gateway.ts';
import { type Notice, noticeOf } from './webhook.ts';
import {
  type GatewayMessage,
  gatewaySchema,
  marqetaIdentifiers,
  merchantOrNull,
  parseMarqeta,
  refusalOf,
} from './wire.ts';

/** The one route whose time counts: `worker/index.ts` calls it without a router. */
export async function answerGateway(
  raw: Request,
  env: Env,
  execution: Pick<ExecutionContext, 'waitUntil'>,
): Promise<Response> {
  const wrong = misconfigurationOf(env);
  if (wrong !== null) return await misconfiguredAnswer(raw, env, wrong);
  requireMarqeta(raw, env);
  const arrivedAtMs = Date.now();
  const body = parseMarqeta(lenientText(await readBytes(raw)));
  refuseCardFields(body);
  const read = readGateway(body);
  if ('unreadable' in read) return answered(read.unreadable, 402);
  const { message, request } = read;
  const answer = await authorize(env, execution, {
    network: 'marqeta',
    cardToken: message.card_token,
    request,
    arrivedAtMs,
    deadlineMs: limits.marqetaDeadlineMs,
  });
  switch (answer.outcome) {
    case 'decided': {
      const { status, body } = answerTo(message, answer);
      return answered(body, status);
    }
    case 'stood_in':
      return answered(stoodInAnswer(message), 200);
    case 'unavailable':
      // Marqeta takes 500 as a gateway error: it declines, or stands in where Commando Mode includes application errors.
      if (settingsOf(env).MARQETA_FAILURE_POLICY === 'network')
        throw new Refusal(500, 'card_unavailable', 'The card could not be reached in time.');
      return answered(unavailableAnswer(message), 402);
  }
}

const jsonHeaders = new Headers({ 'content-type': 'application/json' });
const asJson = { 200: { status: 200, headers: jsonHeaders }, 402: { status: 402, headers: jsonHeaders } } as const;

function answered(body: unknown, status: 200 | 402): Response {
  return new Response(JSON.stringify(body), asJson[status]);
}

export const marqeta = new Hono<{ Bindings: Env }>()
  .post('/gateway', (context) => answerGateway(context.req.raw, context.env, context.executionCtx))
  .post('/webhook', async (context) => {
    requireMarqeta(context.req.raw, context.env);
    const bytes = await readBytes(context.req.raw, limits.batchBytesMax);
    const secrets = secretsIn(settingsOf(context.env).MARQETA_WEBHOOK_SECRET);
    if (secrets.length > 0) await requireMarqetaSignature(context.req.header('x-marqeta-signature'), bytes, secrets);
    const body = readWebhook(lenientText(bytes));
    const batch = batchOf(body);
    await storeAll(context.env, batch);
    // Last, since a fact is not lost for a field that nobody keeps: whoever sends card data has to hear of it all the same.
    refuseCardFields(body);
    return context.json(batch.pings === null ? {} : { pings: batch.pings });
  });

/**
 * With a wrong setting nobody can be decided for, nor even known by its credentials. The failure policy holds all the same where it can
 * be read: 500 is for `network` alone, since Commando Mode may stand in for it; everybody else is declined, which grants nothing.
 */
async function misconfiguredAnswer(raw: Request, env: Env, wrong: Misconfigured): Promise<Response> {
  logEvent('error', 'edge_misconfigured', { network: 'marqeta', problem: wrong.message });
  const refusal = new Refusal(500, 'edge_misconfigured', 'A setting of this edge is wrong: /readyz names it.');
  const { MARQETA_FAILURE_POLICY } = env as { MARQETA_FAILURE_POLICY?: unknown };
  if (MARQETA_FAILURE_POLICY === 'network') throw refusal;
  const body = parseMarqeta(lenientText(await readBytes(raw)));
  return answered(unreadableAnswer(body, refusal), 402);
}

/** What Marqeta's header may be, by the settings it is made of: worked out once an isolate. */
const expectedHeaders = new WeakMap<Settings, readonly Uint8Array[]>();

function requireMarqeta({ headers }: Request, env: Env): void {
  const settings = settingsOf(env);
  let expected = expectedHeaders.get(settings);
  if (expected === undefined) {
    const usernames = secretsIn(settings.MARQETA_USERNAME);
    expected = secretsIn(settings.MARQETA_PASSWORD).map((password, index) =>
      basicHeader({ username: usernames[index] ?? usernames[0] ?? '', password }),
    );
    expectedHeaders.set(settings, expected);
  }
  requireBasic(headers.get('authorization'), expected);
}

/**
 * A webhook's body; its text where that is no JSON: who signed it may have told of money in it, so a person looks. Nothing at all
 * tells of nothing, and is refused.
 */
function readWebhook(text: string): unknown {
  try {
    return parseMarqeta(text);
  } catch (error) {
    if (text.trim() === '') throw error;
    return text;
  }
}

/**
 * A request in our words; what cannot be read of it as a request is declined, in Marqeta's own words. A body that is no object
 * is no message of Marqeta's, and refused.
 */
function readGateway(
  body: unknown,
): { message: GatewayMessage; request: AuthorizationRequest } | { unreadable: ReturnType<typeof unreadableAnswer> } {
  const unread: Unread = new Set();
  try {
    const message = inShape(gatewaySchema, body);
    const request = requestOf(message, unread);
    logUnread('marqeta', unread);
    return { message, request };
  } catch (error) {
    if (!(error instanceof Refusal) || !isFields(body)) throw error;
    logEvent('warn', 'request_unreadable', { network: 'marqeta', field: error.details[0]?.field ?? null });
    return { unreadable: unreadableAnswer(body, error) };
  }
}

/**
 * Stores every element before the 200. One that cannot be booked is kept for a person, and holds up no other; where a card or
 * the queue cannot be reached Marqeta sends the batch again, and what is stored already changes nothing.
 */
async function storeAll(env: Env, { transactions, unknown, rest }: Batch): Promise<void> {
  const unread: Unread = new Set();
  const outcomes = await Promise.allSettled([
    ...transactions.map((one) => storeOrKeep(env, one, unread)),
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

async function storeOrKeep(env: Env, { element, at }: Element, unread: Unread): Promise<void> {
  let notice: Notice;
  try {
    notice = noticeOf(element, at, unread);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return keep(env, element, error);
  }
  const answer = await store(env, notice, (card, message) => receiveFact(env, card, message));
  if (answer?.outcome === 'held_back')
    return await keepFact(env, 'marqeta', marqetaIdentifiers, {
      fact: element,
      cardToken: tokenIn(element),
      reason: answer.reason,
      field: `${at}.${marqetaNames[answer.field] ?? answer.field}`,
      problem: answer.problem,
      merchant: merchantIn(element),
    });
  const field = answer?.outcome === 'conflict' ? answer.field : null;
  if (field !== null)
    await keepFact(env, 'marqeta', marqetaIdentifiers, {
      fact: element,
      cardToken: tokenIn(element),
      reason: 'key_reused',
      field: `${at}.${marqetaNames[field] ?? field}`,
      problem: 'differs from the first message with this token',
      merchant: merchantIn(element),
    });
}

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

function keep(env: Env, element: unknown, { details: [first], message }: Refusal): Promise<void> {
  return keepFact(env, 'marqeta', marqetaIdentifiers, {
    fact: element,
    cardToken: tokenIn(element),
    reason: 'out_of_contract',
    field: first?.field ?? null,
    problem: first?.problem ?? message,
    merchant: merchantIn(element),
  });
}

function tokenIn(element: unknown): unknown {
  return isFields(element) ? element['card_token'] : null;
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
