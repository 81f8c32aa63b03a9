// POST /networks/marqeta/gateway and /networks/marqeta/webhook, both behind Basic authentication.

import type { Unread } from '../../../contracts/attributes.ts';
import type { AuthorizationRequest } from '../../../contracts/authorization-request.ts';
import { isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { fieldAgain, standsTwice } from '../../../contracts/lost-by-json.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { secretsIn } from '../../../contracts/secret-strength.ts';
import { inShape, lenientText, readBytes, refuseCardFields } from '../../body.ts';
import { authorize } from '../../card-call.ts';
import { basicHeader, requireBasic, requireMarqetaSignature } from '../../credentials.ts';
import { type Env, type Misconfigured, misconfigurationOf, type Settings, settingsOf } from '../../env.ts';
import { logEvent, logUnread } from '../../log.ts';
import { ownHeaders } from '../../own-headers.ts';
import { section } from '../../section.ts';
import { tracesOf } from '../../traces.ts';
import { batchOf } from './batch.ts';
import { storeAll } from './facts.ts';
import { answerTo, requestOf, stoodInAnswer, unavailableAnswer, unreadableAnswer } from './gateway.ts';
import { type GatewayMessage, gatewaySchema, isGatewayMessage, parseMarqeta, refusalOf } from './wire.ts';

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
  if ('unreadable' in read) return answered(raw, read.unreadable, 402);
  const { message, request } = read;
  const answer = await authorize(env, execution, {
    network: 'marqeta',
    cardToken: message.card_token,
    request,
    arrivedAtMs,
    deadlineMs: limits.marqetaDeadlineMs,
    traces: tracesOf(raw.headers),
  });
  switch (answer.outcome) {
    case 'decided': {
      const { status, body } = answerTo(message, answer);
      return answered(raw, body, status);
    }
    case 'stood_in':
      return answered(raw, stoodInAnswer(message), 200);
    case 'unavailable':
      // Marqeta takes 500 as a gateway error: it declines, or stands in where Commando Mode includes application errors.
      if (settingsOf(env).MARQETA_FAILURE_POLICY === 'network')
        throw new Refusal(500, 'card_unavailable', 'The card could not be reached in time.');
      return answered(raw, unavailableAnswer(message), 402);
  }
}

/** Made once: a header is a call into the runtime. */
const [overHttp, overHttps] = ['http:', 'https:'].map((scheme) => {
  const headers = new Headers({ ...ownHeaders(scheme), 'content-type': 'application/json' });
  return { 200: { status: 200, headers }, 402: { status: 402, headers } };
});

function answered({ url }: Request, body: unknown, status: 200 | 402): Response {
  return new Response(JSON.stringify(body), (url.startsWith('https:') ? overHttps : overHttp)?.[status]);
}

export const marqeta = section(() => null, {
  'POST /gateway': ({ request, env, execution }) => answerGateway(request, env, execution),
  'POST /webhook': async ({ request, env }) => {
    requireMarqeta(request, env);
    const bytes = await readBytes(request, limits.batchBytesMax);
    const secrets = secretsIn(settingsOf(env).MARQETA_WEBHOOK_SECRET);
    if (secrets.length > 0) await requireMarqetaSignature(request.headers.get('x-marqeta-signature'), bytes, secrets);
    const body = readWebhook(lenientText(bytes));
    const batch = batchOf(body);
    await storeAll(env, batch, tracesOf(request.headers));
    // Last, since a fact is not lost for a field that nobody keeps: whoever sends card data has to hear of it all the same.
    refuseCardFields(body);
    return Response.json(batch.pings === null ? {} : { pings: batch.pings });
  },
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
  return answered(raw, unreadableAnswer(body, refusal), 402);
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
    const again = fieldAgain(body);
    if (again !== null) throw refusalOf(again, standsTwice);
    const message = isGatewayMessage(body) ? body : inShape(gatewaySchema, body);
    const request = requestOf(message, unread);
    logUnread('marqeta', unread);
    return { message, request };
  } catch (error) {
    if (!(error instanceof Refusal) || !isFields(body)) throw error;
    logEvent('warn', 'request_unreadable', { network: 'marqeta', field: error.details[0]?.field ?? null });
    return { unreadable: unreadableAnswer(body, error) };
  }
}
