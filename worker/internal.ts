// The origin's side door: a card's profile, its state, its events, and messages that a person books. Signed calls only.

import * as z from 'zod/mini';
import { controlIdentifiers } from '../contracts/card-data.ts';
import { cardMessageSchema } from '../contracts/card-message.ts';
import type {
  postFactAnswerSchema,
  postMessageAnswerSchema,
  ReadCardAnswer,
  returnAnswerSchema,
  standInStandingSchema,
} from '../contracts/internal-answers.ts';
import {
  callsBodySchema,
  postFactBodySchema,
  putCardBodySchema,
  rebuildBodySchema,
  returnBodySchema,
  signedText,
  tokenOfSegment,
  turnStandInBodySchema,
} from '../contracts/internal-api.ts';
import { limits } from '../contracts/limits.ts';
import { type Network, networkKeySchema } from '../contracts/network.ts';
import { Refusal } from '../contracts/problem.ts';
import { refundReleaseSchema } from '../contracts/refund-release.ts';
import { secretsIn } from '../contracts/secret-strength.ts';
import type { StandInSwitchState } from '../durable-objects/stand-in/stand-in-switch.ts';
import { inShape, parseWhole, readText, refusalOf, refuseCardData } from './body.ts';
import { type CardNames, callCard, cardAway, type cardObject } from './card-object.ts';
import { requireSignature } from './credentials.ts';
import { type Env, failurePolicyOf, settingsOf } from './env.ts';
import { logEvent } from './log.ts';
import { networks } from './networks/all.ts';
import type { CardNetwork } from './networks/network.ts';
import { storeKept } from './networks/take-facts.ts';
import { putProfile } from './put-profile.ts';
import { readStandIn } from './read-stand-in.ts';
import { rebuildCard } from './rebuild-card.ts';
import { refused } from './refused.ts';
import { returnCard } from './return-card.ts';
import { type Call, type Section, section } from './section.ts';
import { forgetStanding, standInSwitch } from './stand-in-switch.ts';

const pathSchema = z.object({ token: networkKeySchema });
// No `z.coerce`: it brings the coercion of every other type into the bundle.
const wholeNumber = z.pipe(
  z.pipe(
    z.string(),
    z.transform((text: string) => Number(text)),
  ),
  z.int(),
);
const afterSchema = z.object({
  after: z._default(wholeNumber.check(z.nonnegative()), 0),
  seen: z.optional(wholeNumber.check(z.positive())),
  event: z.optional(z.string()),
});
/** A control's id was looked at where it was written; one from before that rule must not keep a profile from its card. */
const identifiers: ReadonlySet<string> = new Set(['card_id', 'account_id', 'control_id', ...controlIdentifiers]);

type Params = Readonly<Record<string, string>>;

/** The body of a call that the origin has signed. */
async function open({ request, env, url }: Call): Promise<string> {
  // A card's past comes in pages of 500 events, so that 10,000 of them take seconds.
  const text = await readText(request, /\/(rebuild|calls)$/.test(url.pathname) ? limits.batchBytesMax : undefined);
  const signed = signedText({ method: request.method, pathAndQuery: url.pathname + url.search, body: text });
  await requireSignature(request.headers, signed, secretsIn(settingsOf(env).INTERNAL_SECRET));
  return text;
}

export const internal: Section<string> = section(open, {
  'POST /calls': async (call, text) => {
    const calls = inShape(callsBodySchema, parseWhole(text));
    return Response.json(await Promise.all(calls.map((one) => within(call, one))));
  },
  'PUT /cards/:network/:token': async (call, text, params) => {
    const body = parseWhole(text);
    refuseCardData(body, identifiers);
    const profile = inShape(putCardBodySchema, body);
    const known = knownIn(call);
    const answer = await reach(params, (names) => putProfile(call.env, names, profile, known));
    return Response.json(answer, { status: answer.outcome === 'stale' ? 409 : 200 });
  },
  'POST /cards/:network/:token/messages': async ({ env }, text, params) => {
    const message = inShape(cardMessageSchema, parseWhole(text));
    const answer: z.infer<typeof postMessageAnswerSchema> = await onCard(env, params, (card) => card.receive(message));
    return Response.json(answer, { status: answer.outcome === 'conflict' ? 409 : 200 });
  },
  'POST /cards/:network/:token/refund-releases': async ({ env }, text, params) => {
    const release = inShape(refundReleaseSchema, parseWhole(text));
    return Response.json(await onCard(env, params, (card) => card.releaseRefund(release)));
  },
  'POST /facts/:network': async ({ env }, text, params) => {
    const network = networkIn(params);
    const { fact } = inShape(postFactBodySchema, parseWhole(text));
    const taken = await storeKept(env, network, fact).catch((error: unknown) => {
      throw cardAway(network.name, error);
    });
    return Response.json({ taken } satisfies z.infer<typeof postFactAnswerSchema>);
  },
  'GET /stand-in/:network': async ({ env }, _, params) => {
    const network = networkIn(params).name;
    return Response.json(standingOf(env, network, await standInSwitch(env, network).read()));
  },
  'PUT /stand-in/:network': async ({ env }, text, params) => {
    const network = networkIn(params).name;
    const { is_on, by } = inShape(turnStandInBodySchema, parseWhole(text));
    const state = await standInSwitch(env, network).turn(is_on, by);
    forgetStanding(network);
    logEvent('warn', 'stand_in_turned', { network, is_on });
    return Response.json(standingOf(env, network, state));
  },
  'GET /cards/:network/:token': async ({ env }, _, params) => {
    const card = await onCard(env, params, (card) => card.read());
    if (card.last_sequence === 0) throw new Refusal(404, 'card_not_found', 'No card with this token is known here.');
    return Response.json(card satisfies ReadCardAnswer);
  },
  'GET /cards/:network/:token/controls': async ({ env }, _, params) => {
    const readback = await onCard(env, params, (card) => card.readControls());
    if (readback.profile_version === null)
      throw new Refusal(404, 'card_not_found', 'No profile of this card is known here.');
    return Response.json(readback);
  },
  'GET /cards/:network/:token/stand-in': async ({ env }, _, params) =>
    Response.json(await reach(params, (names) => readStandIn(env, names))),
  'GET /cards/:network/:token/events': async (call, _, params) => {
    const { after, seen } = knownIn(call);
    return Response.json(await onCard(call.env, params, (card) => card.eventsAfter(after, seen)));
  },
  'POST /cards/:network/:token/rebuild': async ({ env }, text, params) => {
    const page = inShape(rebuildBodySchema, parseWhole(text));
    return Response.json(await reach(params, (names) => rebuildCard(env, names, page)));
  },
  'POST /cards/:network/:token/return': async ({ env }, text, params) => {
    const { at_ms } = inShape(returnBodySchema, parseWhole(text));
    const answer: z.infer<typeof returnAnswerSchema> = await reach(params, (names) => returnCard(env, names, at_ms));
    return Response.json(answer);
  },
});

/** One of the calls that came in one: as if it had come by itself. */
async function within(call: Call, { method, path, body }: z.infer<typeof callsBodySchema>[number]) {
  const url = new URL(path, call.url);
  const inner = { ...call, request: new Request(url, { method }), url };
  const answer = await internal(inner, url.pathname.slice('/internal'.length), body).catch(refusedOf);
  return { status: answer.status, body: await answer.json() };
}

function refusedOf(error: unknown): Response {
  if (error instanceof Refusal) return refused(error);
  throw error;
}

/** What the origin has of a card: all up to `after`, and the event `seen`, where it names one. */
function knownIn({ url }: Call) {
  const { after, seen, event = null } = inShape(afterSchema, Object.fromEntries(url.searchParams));
  return { after, seen: seen === undefined ? undefined : { sequence: seen, event_id: event } };
}

/** Also one that this deployment serves no more: what was kept of it is booked all the same. */
function networkIn(params: Params): CardNetwork {
  const network = networks.find(({ name }) => name === params['network']);
  if (network === undefined) throw refusalOf('network', 'is none of this edge');
  return network;
}

function standingOf(env: Env, network: Network, { is_on, at_ms, by }: StandInSwitchState) {
  const failure_policy = failurePolicyOf(settingsOf(env), network).policy;
  return { is_on, at_ms, by, failure_policy } satisfies z.infer<typeof standInStandingSchema>;
}

/** Every call of the origin may be repeated: what a card that is away could not do is 503, and comes again. */
function onCard<T>(env: Env, params: Params, call: (card: ReturnType<typeof cardObject>) => T): Promise<Awaited<T>> {
  return reach(params, (names) => callCard(env, names, call));
}

async function reach<T>(params: Params, call: (names: CardNames) => Promise<T>): Promise<T> {
  const network = networkIn(params).name;
  const { token } = inShape(pathSchema, params);
  try {
    return await call({ network, cardToken: tokenOfSegment(token) });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw cardAway(network, error);
  }
}
