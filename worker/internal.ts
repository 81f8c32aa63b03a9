// The origin's side door: a card's profile, its state, its events, and messages that a person books. Signed calls only.

import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import * as z from 'zod/mini';
import { controlIdentifiers } from '../contracts/card-data.ts';
import { cardMessageSchema } from '../contracts/card-message.ts';
import type {
  postFactAnswerSchema,
  postMessageAnswerSchema,
  ReadCardAnswer,
  standInStandingSchema,
} from '../contracts/internal-answers.ts';
import {
  postFactBodySchema,
  putCardBodySchema,
  rebuildBodySchema,
  signedText,
  tokenOfSegment,
  turnStandInBodySchema,
} from '../contracts/internal-api.ts';
import { type Network, networkKeySchema, networkSchema } from '../contracts/network.ts';
import { Refusal } from '../contracts/problem.ts';
import { secretsIn } from '../contracts/secret-strength.ts';
import type { StandInSwitchState } from '../durable-objects/stand-in/stand-in-switch.ts';
import { inShape, parseJson, readText, refuseCardData } from './body.ts';
import { type CardNames, callCard, cardAway, type cardObject } from './card-object.ts';
import { requireSignature } from './credentials.ts';
import { type Env, failurePolicyOf, settingsOf } from './env.ts';
import { logEvent } from './log.ts';
import { storeKeptMarqeta } from './networks/marqeta/facts.ts';
import { storeKeptNative } from './networks/native-messages.ts';
import { putProfile } from './put-profile.ts';
import { readStandIn } from './read-stand-in.ts';
import { rebuildCard } from './rebuild-card.ts';
import { forgetStanding, standInSwitch } from './stand-in-switch.ts';

const pathSchema = z.object({ network: networkSchema, token: networkKeySchema });
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

const storeKept = { marqeta: storeKeptMarqeta, native: storeKeptNative };

type Bindings = { Bindings: Env; Variables: { text: string } };

export const internal = new Hono<Bindings>()
  .use(async (context, next) => {
    const { method, raw } = context.req;
    const { pathname, search } = new URL(raw.url);
    const text = await readText(raw);
    const signed = signedText({ method, pathAndQuery: pathname + search, body: text });
    await requireSignature(raw.headers, signed, secretsIn(settingsOf(context.env).INTERNAL_SECRET));
    context.set('text', text);
    await next();
  })
  .put('/cards/:network/:token', async (context) => {
    const body = parseJson(context.get('text'));
    refuseCardData(body, identifiers);
    const profile = inShape(putCardBodySchema, body);
    const known = knownIn(context);
    const answer = await reach(context, (names) => putProfile(context.env, names, profile, known));
    return context.json(answer, answer.outcome === 'stale' ? 409 : 200);
  })
  .post('/cards/:network/:token/messages', async (context) => {
    const message = inShape(cardMessageSchema, parseJson(context.get('text')));
    const answer: z.infer<typeof postMessageAnswerSchema> = await onCard(context, (card) => card.receive(message));
    return context.json(answer, answer.outcome === 'conflict' ? 409 : 200);
  })
  .post('/facts/:network', async (context) => {
    const network = networkIn(context);
    const { fact } = inShape(postFactBodySchema, parseJson(context.get('text')));
    const taken = await storeKept[network](context.env, fact).catch((error: unknown) => {
      throw cardAway(network, error);
    });
    return context.json({ taken } satisfies z.infer<typeof postFactAnswerSchema>);
  })
  .get('/stand-in/:network', async (context) => {
    const network = networkIn(context);
    return context.json(standingOf(context.env, network, await standInSwitch(context.env, network).read()));
  })
  .put('/stand-in/:network', async (context) => {
    const network = networkIn(context);
    const { is_on, by } = inShape(turnStandInBodySchema, parseJson(context.get('text')));
    const state = await standInSwitch(context.env, network).turn(is_on, by);
    forgetStanding(network);
    logEvent('warn', 'stand_in_turned', { network, is_on });
    return context.json(standingOf(context.env, network, state));
  })
  .get('/cards/:network/:token', async (context) => {
    const card = await onCard(context, (card) => card.read());
    if (card.last_sequence === 0) throw new Refusal(404, 'card_not_found', 'No card with this token is known here.');
    return context.json(card satisfies ReadCardAnswer);
  })
  .get('/cards/:network/:token/controls', async (context) => {
    const readback = await onCard(context, (card) => card.readControls());
    if (readback.profile_version === null)
      throw new Refusal(404, 'card_not_found', 'No profile of this card is known here.');
    return context.json(readback);
  })
  .get('/cards/:network/:token/stand-in', async (context) =>
    context.json(await reach(context, (names) => readStandIn(context.env, names))),
  )
  .get('/cards/:network/:token/events', async (context) => {
    const { after, seen } = knownIn(context);
    return context.json(await onCard(context, (card) => card.eventsAfter(after, seen)));
  })
  .post('/cards/:network/:token/rebuild', async (context) => {
    const page = inShape(rebuildBodySchema, parseJson(context.get('text')));
    return context.json(await reach(context, (names) => rebuildCard(context.env, names, page)));
  });

/** What the origin has of a card: all up to `after`, and the event `seen`, where it names one. */
function knownIn(context: Context<Bindings>) {
  const { after, seen, event = null } = inShape(afterSchema, context.req.query());
  return { after, seen: seen === undefined ? undefined : { sequence: seen, event_id: event } };
}

function networkIn(context: Context<Bindings>): Network {
  return inShape(z.object({ network: networkSchema }), context.req.param()).network;
}

function standingOf(env: Env, network: Network, { is_on, at_ms, by }: StandInSwitchState) {
  const failure_policy = failurePolicyOf(settingsOf(env), network).policy;
  return { is_on, at_ms, by, failure_policy } satisfies z.infer<typeof standInStandingSchema>;
}

/** Every call of the origin may be repeated: what a card that is away could not do is 503, and comes again. */
function onCard<T>(context: Context<Bindings>, call: (card: ReturnType<typeof cardObject>) => T): Promise<Awaited<T>> {
  return reach(context, (names) => callCard(context.env, names, call));
}

async function reach<T>(context: Context<Bindings>, call: (names: CardNames) => Promise<T>): Promise<T> {
  const { network, token } = inShape(pathSchema, context.req.param());
  try {
    return await call({ network, cardToken: tokenOfSegment(token) });
  } catch (error) {
    throw cardAway(network, error);
  }
}
