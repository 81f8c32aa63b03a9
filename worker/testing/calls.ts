// Calls to the edge as its callers make them, for tests: through the worker's door, with credentials or signatures.

import { env, exports } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { newId } from '../../contracts/ids.ts';
import { type KeptFact, keptFactSchema } from '../../contracts/kept-fact.ts';
import { cardKey, type Network } from '../../contracts/network.ts';
import { signCall } from '../../contracts/sign-call.ts';
import worker from '../index.ts';

const edge = 'https://edge.test';

/** As the tests' edge has them. */
export const settings = env as unknown as Readonly<
  Record<'ORIGIN_URL' | 'INTERNAL_SECRET' | 'NATIVE_SECRETS' | 'MARQETA_USERNAME' | 'MARQETA_PASSWORD', string>
>;

export type Headers = Readonly<Record<string, string>>;

/** `body` may be bytes, or a stream: then its length is not declared. */
export function requestTo(path: string, init: RequestInit): Request {
  return new Request(`${edge}${path}`, init);
}

export function call(path: string, init: RequestInit): Promise<Response> {
  return exports.default.fetch(requestTo(path, init));
}

/** A call whose kept facts are heard: what the worker itself sends to the queue of card events. `send` may fail it. */
export async function callHearing(
  path: string,
  init: RequestInit,
  send: (fact: KeptFact) => Promise<void> = async () => undefined,
) {
  const kept: KeptFact[] = [];
  const take = async (body: unknown) => {
    const fact = keptFactSchema.parse(JSON.parse(JSON.stringify(body)));
    await send(fact);
    kept.push(fact);
  };
  const sendBatch = async (calls: Iterable<{ body: unknown }>) => {
    for (const { body } of calls) await take(body);
  };
  const CARD_EVENTS = { send: take, sendBatch } as unknown as Queue;
  const left: Promise<unknown>[] = [];
  const execution = { waitUntil: (promise: Promise<unknown>) => left.push(promise) } as unknown as ExecutionContext;
  const answer = await worker.fetch(requestTo(path, init), { ...env, CARD_EVENTS }, execution);
  await Promise.all(left);
  return { status: answer.status, text: await answer.text(), kept };
}

export function basic(username = settings.MARQETA_USERNAME, password = settings.MARQETA_PASSWORD): Headers {
  return { authorization: `Basic ${btoa(`${username}:${password}`)}` };
}

export function postMarqeta(route: 'gateway' | 'webhook', body: BodyInit, headers: Headers = basic()) {
  return call(`/networks/marqeta/${route}`, { method: 'POST', body, headers });
}

/** The three headers of Standard Webhooks over a body. */
export function nativeSignature(body: string, secret = settings.NATIVE_SECRETS, at = new Date()): Headers {
  const id = newId('req');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

export function postNative(route: 'authorizations' | 'messages' | 'voids', body: unknown, headers?: Headers) {
  const text = JSON.stringify(body);
  return call(`/networks/native/${route}`, { method: 'POST', body: text, headers: headers ?? nativeSignature(text) });
}

export function internalSignature(method: string, pathAndQuery: string, body = ''): Headers {
  return signCall(settings.INTERNAL_SECRET, { method, pathAndQuery, body }, { id: newId('req'), at: new Date() });
}

export function putCard(network: Network, token: string, profile: unknown, headers?: Headers): Promise<Response> {
  const [path, body] = [`/internal/cards/${network}/${token}`, JSON.stringify(profile)];
  return call(path, { method: 'PUT', body, headers: headers ?? internalSignature('PUT', path, body) });
}

export function getInternal(path: string, headers: Headers = internalSignature('GET', path)): Promise<Response> {
  return call(path, { headers });
}

/** A card token that nobody has used: storage is shared by all tests of a file. */
export function newToken(): string {
  return `card-${crypto.randomUUID()}`;
}

export function cardAt(network: Network, token: string) {
  return env.CARDS.getByName(cardKey(network, token));
}

/** Settings that a deployed edge takes; the bindings are the test's own. */
export const productionSettings = {
  ENVIRONMENT: 'production',
  SECRETS_OF: 'production',
  ORIGIN_URL: '',
  INTERNAL_SECRET: `whsec_${btoa('a secret of 32 bytes, of our own')}`,
  NATIVE_SECRETS: `whsec_${btoa('one more, and of 32 bytes again!')}`,
  MARQETA_USERNAME: 'marqeta-of-ours',
  MARQETA_PASSWORD: 'A-password-of-our-own-1!',
  MARQETA_WEBHOOK_SECRET: 'Vd83-kLq92-mZx01-pTr47',
} as const;
