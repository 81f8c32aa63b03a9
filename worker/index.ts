// The edge's door: routes to the networks and the origin's side door, errors rendered once, queue batches handed on.

import { Refusal } from '../contracts/problem.ts';
import { deliver } from './deliver.ts';
import { type Env, Misconfigured, misconfigurationOf } from './env.ts';
import { internal } from './internal.ts';
import { noticeCardData } from './keep-facts.ts';
import { logEvent } from './log.ts';
import { networks } from './networks/all.ts';
import { answerRequest } from './networks/answer-request.ts';
import type { CardNetwork } from './networks/network.ts';
import { sectionOf } from './networks/section-of.ts';
import { ownHeaders } from './own-headers.ts';
import { refused } from './refused.ts';
import { section } from './section.ts';

export { CardObject } from '../durable-objects/card/card-object.ts';
export { KnownCards } from '../durable-objects/known-cards/known-cards.ts';
export { StandInDesk } from '../durable-objects/stand-in/stand-in-desk.ts';
export { StandInSwitch } from '../durable-objects/stand-in/stand-in-switch.ts';

const health = section(() => null, {
  'GET /livez': ({ env }) => readyz(env),
  'GET /readyz': ({ env }) => readyz(env),
});

/** By what their paths begin with; health has what is left. */
const sections = {
  ...Object.fromEntries(networks.map((network) => [`/networks/${network.name}`, sectionOf(network)])),
  ...{ '/internal': internal, '': health },
};

function route(request: Request, env: Env, execution: ExecutionContext): Promise<Response> {
  const url = new URL(request.url);
  const [at, answer] = Object.entries(sections).find(([at]) => url.pathname.startsWith(`${at}/`)) ?? ['', health];
  return answer({ request, env, execution, url }, url.pathname.slice(at.length));
}

function failed(error: unknown, url: string, env: Env, execution: Pick<ExecutionContext, 'waitUntil'>): Response {
  const path = new URL(url).pathname;
  if (error instanceof Refusal) {
    const network = networks.find(({ name }) => path.startsWith(`/networks/${name}/`))?.name;
    if (network !== undefined && error.error_code === 'card_data_refused')
      execution.waitUntil(noticeCardData(env, network, error.details));
    return refused(error);
  }
  if (error instanceof Misconfigured) {
    logEvent('error', 'edge_misconfigured', { problem: error.message });
    return refused(new Refusal(503, 'edge_misconfigured', 'A setting of this edge is wrong: /readyz names it.'));
  }
  logEvent('error', 'request_failed', { path, error: String(error) });
  return refused(new Refusal(500, 'internal_error', 'The request failed here. Send it again.'));
}

/**
 * Whether anything can be served: not with a wrong setting, which is named here and in the origin's /health, without its value. Liveness is
 * the same question: nobody starts a worker again, and one that refuses every call must not look well to whoever asks only that.
 */
function readyz(env: Env): Response {
  const wrong = misconfigurationOf(env);
  if (wrong === null)
    return Response.json(
      { status: 'ok', environment: environmentOf(env), bundle: bundleOf(env) },
      { headers: { date: new Date().toUTCString() } },
    );
  return Response.json({ status: 'misconfigured', wrong_settings: wrong.settings }, { status: 503 });
}

/** What the deployment said that it deployed: the id that `npm run supply` has of the bundle. Null: it did not say. */
function bundleOf(env: Env): string | null {
  const { BUNDLE_SHA256: said } = env as { BUNDLE_SHA256?: unknown };
  return typeof said === 'string' && /^[0-9a-f]{64}$/.test(said) ? said : null;
}

/** As it stands, also where the settings are wrong. */
function environmentOf(env: Env): unknown {
  return (env as { ENVIRONMENT?: unknown }).ENVIRONMENT;
}

/** This machine itself, or a name that is never in the world's name service (RFC 6761). */
const localAddress =
  /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|[\w.-]+\.(?:localhost|test|example|invalid))(?::\d+)?(?:\/|$)/i;

/**
 * A deployment that nobody named as production would believe the demo's credentials, which anybody can read. Does not protect a
 * laptop from a neighbour who lies about the address that he called.
 */
function isForLaptopsOnly(request: Request, env: Env): boolean {
  return environmentOf(env) === 'development' && !localAddress.test(request.url);
}

function notProduction(): Response {
  logEvent('error', 'not_production', { problem: 'ENVIRONMENT is development' });
  return refused(new Refusal(503, 'not_production', 'This is a development deployment, which serves its own machine.'));
}

/** Where purchases are asked about. */
const requestPaths: ReadonlyMap<string, CardNetwork> = new Map(
  networks.map((network) => [`/networks/${network.name}/${network.requests.path}`, network]),
);

/** Scheme, host, and such a path with nothing after it. */
function askedOf({ method, url }: Request): CardNetwork | undefined {
  return method === 'POST' ? requestPaths.get(url.slice(url.indexOf('/', 8))) : undefined;
}

/** An answer of the gateway has them: each that is set here is a call into the runtime. */
function withOwnHeaders(answer: Response, url: string): Response {
  if (answer.headers.has('cache-control')) return answer;
  for (const [name, value] of Object.entries(ownHeaders(url))) answer.headers.set(name, value);
  return answer;
}

function answerTo(request: Request, env: Env, execution: ExecutionContext): Response | Promise<Response> {
  if (isForLaptopsOnly(request, env)) return notProduction();
  // The requests whose time counts go round the router. With a query or the like they go through it, to the same answer.
  // So what has to stand before every route belongs above this line, not in a section.
  const network = askedOf(request);
  const answer =
    network === undefined ? route(request, env, execution) : answerRequest(network, request, env, execution);
  return answer.catch((error: unknown) => failed(error, request.url, env, execution));
}

export default {
  async fetch(request: Request, env: Env, execution: ExecutionContext) {
    return withOwnHeaders(await answerTo(request, env, execution), request.url);
  },
  queue: deliver,
} satisfies ExportedHandler<Env>;
