// A network's request, from its bytes to its answer: who calls, what is asked in our words, one hop to the card, the answer in theirs. And a
// request that a network itself gives up.

import type { Unread } from '../../contracts/attributes.ts';
import { limits } from '../../contracts/limits.ts';
import { Refusal } from '../../contracts/problem.ts';
import { lenientText, readBytes } from '../body.ts';
import { authorize } from '../card-call.ts';
import { callCard, cardAway, severalTimes, standInDesk } from '../card-object.ts';
import { doorOf, type Env, failurePolicyOf, type Misconfigured, misconfigurationOf, settingsOf } from '../env.ts';
import { logEvent, logUnread } from '../log.ts';
import { ownHeaders } from '../own-headers.ts';
import { tracesOf } from '../traces.ts';
import { mayWake } from '../unknown-cards.ts';
import type { Answer, CardNetwork, Voids } from './network.ts';

export type Execution = Pick<ExecutionContext, 'waitUntil'>;

/** The routes whose time counts: `worker/index.ts` calls it without a router. */
export async function answerRequest(
  network: CardNetwork,
  raw: Request,
  env: Env,
  execution: Execution,
): Promise<Response> {
  const arrivedAtMs = Date.now();
  const wrong = misconfigurationOf(env);
  if (wrong !== null) return await misconfiguredAnswer(network, raw, env, wrong);
  const { name, requests } = network;
  const text = await readAt(network, requests.path, raw, env);
  const unread: Unread = new Set();
  const asked = requests.parse(text, unread);
  if ('status' in asked) return answered(raw, asked);
  logUnread(name, unread);
  const { cardToken, request, deadlineMs = network.deadlineMs } = asked;
  const call = { network: name, cardToken, request, arrivedAtMs, deadlineMs, traces: tracesOf(raw.headers) };
  const answer = await authorize(env, execution, call);
  return answered(raw, asked.render(answer, failurePolicyOf(settingsOf(env), name).policy));
}

const jsonHeaders = (scheme: string) => new Headers({ ...ownHeaders(scheme), 'content-type': 'application/json' });
/** Made once: a header is a call into the runtime. */
const overHttp = jsonHeaders('http:');
const overHttps = jsonHeaders('https:');

function answered({ url }: Request, { status, body }: Answer): Response {
  return new Response(JSON.stringify(body), { status, headers: url.startsWith('https:') ? overHttps : overHttp });
}

/** The body of a call of the network's own. */
export async function readAt(
  network: CardNetwork,
  path: string,
  raw: Request,
  env: Env,
  bytesMax: number = limits.bodyBytesMax,
): Promise<string> {
  const door = doorOf(env, network);
  door.admit?.(raw.headers);
  return await door.textOf(raw.headers, await readBytes(raw, bytesMax), path);
}

/**
 * With a wrong setting nobody can be decided for, nor even known by its credentials. The failure policy holds all the same where it can
 * be read: 500 is for `network` alone, since the network may stand in for it; everybody else is declined, which grants nothing.
 */
async function misconfiguredAnswer(
  { name, requests }: CardNetwork,
  raw: Request,
  env: Env,
  wrong: Misconfigured,
): Promise<Response> {
  if (requests.misconfigured === undefined) throw wrong;
  logEvent('error', 'edge_misconfigured', { network: name, problem: wrong.message });
  const refusal = new Refusal(500, 'edge_misconfigured', 'A setting of this edge is wrong: /readyz names it.');
  if ((env as unknown as Record<string, unknown>)[`${name.toUpperCase()}_FAILURE_POLICY`] === 'network') throw refusal;
  return answered(raw, requests.misconfigured(lenientText(await readBytes(raw)), refusal));
}

/**
 * What the edge stood in for is told first, so that the void is the newer of the two though the queue may bring the other again;
 * and the desk never stands in for that key again.
 */
export async function giveUpRequest(network: CardNetwork, voids: Voids, raw: Request, env: Env): Promise<Response> {
  const { name } = network;
  const { cardToken, requestKey } = voids.parse(await readAt(network, voids.path, raw, env));
  const card = { network: name, cardToken };
  const isStoodInFor = failurePolicyOf(settingsOf(env), name).policy === 'stand_in';
  const given = async () => {
    if (!(await mayWake(env, card))) return 'stored';
    const stoodIn = isStoodInFor ? await severalTimes(() => standInDesk(env, card).giveUp(requestKey)) : null;
    if (stoodIn !== null) await callCard(env, card, (object) => object.receive(stoodIn));
    return (await callCard(env, card, (object) => object.void(requestKey, { byNetwork: true }))).outcome;
  };
  const outcome = await given().catch((error: unknown) => {
    throw cardAway(name, error);
  });
  return voids.render(requestKey, outcome);
}
