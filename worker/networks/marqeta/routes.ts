// POST /networks/marqeta/gateway and /networks/marqeta/webhook, both behind Basic authentication.

import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import { limits } from '../../../contracts/limits.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { inShape, readText, refuseCardData } from '../../body.ts';
import { authorize } from '../../card-call.ts';
import { callCard } from '../../card-object.ts';
import { basicHeader, requireBasic, requireMarqetaSignature } from '../../credentials.ts';
import { type Env, type Settings, settingsOf } from '../../env.ts';
import { logEvent } from '../../log.ts';
import { answerTo, requestOf, stoodInAnswer, unavailableAnswer } from './gateway.ts';
import { type Notice, noticeOf } from './webhook.ts';
import { gatewaySchema, marqetaIdentifiers, parseMarqeta, webhookSchema } from './wire.ts';

type EdgeContext = Context<{ Bindings: Env }>;

export const marqeta = new Hono<{ Bindings: Env }>()
  .post('/gateway', async (context) => {
    requireMarqeta(context);
    const arrivedAtMs = Date.now();
    const message = inShape(gatewaySchema, readBody(await readText(context.req.raw)));
    const answer = await authorize(context.env, context.executionCtx, {
      network: 'marqeta',
      cardToken: message.card_token,
      request: requestOf(message),
      arrivedAtMs,
      deadlineMs: limits.marqetaDeadlineMs,
    });
    switch (answer.outcome) {
      case 'decided': {
        const { status, body } = answerTo(message, answer);
        return new Response(JSON.stringify(body), { status, headers: jsonHeaders });
      }
      case 'stood_in':
        return context.json(stoodInAnswer(message), 200);
      case 'unavailable':
        // Marqeta takes 500 as a gateway error: it declines, or stands in where Commando Mode includes application errors.
        if (settingsOf(context.env).MARQETA_FAILURE_POLICY === 'network')
          throw new Refusal(500, 'card_unavailable', 'The card could not be reached in time.');
        return context.json(unavailableAnswer(message), 402);
    }
  })
  .post('/webhook', async (context) => {
    requireMarqeta(context);
    const text = await readText(context.req.raw);
    const secret = settingsOf(context.env).MARQETA_WEBHOOK_SECRET;
    if (secret !== '') await requireMarqetaSignature(context.req.header('x-marqeta-signature'), text, secret);
    const { transactions = [], pings } = inShape(webhookSchema, readBody(text));
    await storeAll(context, transactions);
    return context.json(pings === undefined ? {} : { pings: pings.length });
  });

const jsonHeaders = { 'content-type': 'application/json' };

/** What Marqeta's header must be, by the settings it is made of: worked out once an isolate. */
const expectedHeaders = new WeakMap<Settings, Uint8Array>();

function requireMarqeta({ env, req }: EdgeContext): void {
  const settings = settingsOf(env);
  let expected = expectedHeaders.get(settings);
  if (expected === undefined) {
    expected = basicHeader({ username: settings.MARQETA_USERNAME, password: settings.MARQETA_PASSWORD });
    expectedHeaders.set(settings, expected);
  }
  requireBasic(req.raw.headers.get('authorization'), expected);
}

function readBody(text: string): unknown {
  const body = parseMarqeta(text);
  refuseCardData(body, marqetaIdentifiers);
  return body;
}

/**
 * Stores every element before the 200. One that is out of contract is refused with its place in the batch, after the
 * others are stored: Marqeta then sends the batch again, and what is stored already changes nothing.
 */
async function storeAll(context: EdgeContext, transactions: readonly unknown[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    transactions.map(async (element, index) => {
      await store(context.env, noticeOf(element, `transactions[${index}]`));
    }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  // A card that could not be reached comes first: its 503 says "again", and the refusal will still be there then.
  const unreachable = failures.find((failure) => !(failure instanceof Refusal));
  if (unreachable !== undefined) {
    logEvent('error', 'webhook_not_stored', {
      network: 'marqeta',
      failed: failures.length,
      error: String(unreachable),
    });
    throw new Refusal(
      503,
      'card_unavailable',
      `${failures.length} of ${transactions.length} elements were not stored.`,
    );
  }
  if (failures.length > 0) throw failures[0];
}

async function store(env: Env, notice: Notice): Promise<void> {
  switch (notice.does) {
    case 'receive':
      await callCard(env, { network: 'marqeta', cardToken: notice.cardToken }, (card) => card.receive(notice.message));
      return;
    case 'void': {
      const { cardToken, requestKey, release } = notice;
      await callCard(env, { network: 'marqeta', cardToken }, (card) => card.void(requestKey));
      // What the edge approved in the card's place no request of the card's stands for: its hold is released by itself.
      if (release !== null && settingsOf(env).MARQETA_FAILURE_POLICY === 'stand_in')
        await callCard(env, { network: 'marqeta', cardToken }, (card) => card.receive(release));
      return;
    }
    case 'nothing':
      logEvent('info', notice.why === 'chargeback' ? 'chargeback_not_booked' : 'webhook_ignored', {
        network: 'marqeta',
        type: notice.type.slice(0, limits.textLengthMax),
      });
      return;
  }
}
