// The edge's side door for tests, from its contract alone: keeps profiles, serves cards' logs, believes only signed calls,
// and can be away. Not used by the service.

import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type * as z from 'zod';
import { type CardMessage, cardMessageSchema } from '../../contracts/card-message.ts';
import type { ProfileWarning, postMessageAnswerSchema, ReadCardAnswer } from '../../contracts/internal-answers.ts';
import {
  callsBodySchema,
  postFactBodySchema,
  rebuildBodySchema,
  tokenOfSegment,
} from '../../contracts/internal-api.ts';
import { limits } from '../../contracts/limits.ts';
import { type Profile, profileSchema } from '../../contracts/profile.ts';
import type { StandInReadback } from '../../contracts/readback.ts';
import { type RefundRelease, refundReleaseSchema } from '../../contracts/refund-release.ts';
import type { CardState } from '../../core/card/card-state.ts';
import { withheldMinor } from '../../core/card/funds.ts';
import { readControls } from '../../core/card/readback.ts';
import { requireSignature } from '../api/identity/credentials.ts';

interface CardHere {
  receive(message: CardMessage): z.infer<typeof postMessageAnswerSchema>;
  releaseRefund?(release: RefundRelease): z.infer<typeof postMessageAnswerSchema>;
}

export interface StandInEdge {
  readonly url: string;
  readonly secret: string;
  /** By `<network>:<card token>`. */
  readonly profiles: Map<string, Profile>;
  readonly logs: Map<string, readonly unknown[]>;
  /** Cards that were set back and are not rebuilt, with what the log had when the rebuild began. */
  readonly fenced: Map<string, readonly unknown[] | null>;
  /** False: an edge of a release that takes no calls in one. */
  takesCallsInOne: boolean;
  /** False: an edge of a release that fences no card. */
  fences: boolean;
  /** The oldest event that a card still has, where it has forgotten some. */
  readonly trimmed: Map<string, number>;
  /** Cards with a state, to be asked what is left of their controls. */
  readonly states: Map<string, { readonly state: CardState; readonly nowMs: number }>;
  /** Cards that take messages, as the edge's objects do. */
  readonly cards: Map<string, CardHere>;
  /** Kept facts that it can book by now. */
  readonly facts: Set<string>;
  /** Calls served, as `GET native:tok`. */
  readonly calls: string[];
  /** What a card says of a changed limit, at its next profile. */
  readonly warnings: Map<string, readonly ProfileWarning[]>;
  /** Runs once, while the next PUT is on its way. */
  meanwhile: (() => Promise<void>) | null;
  /** Names of settings with which it serves nothing. */
  wrongSettings: readonly string[];
  /** The id of the bundle that it says it runs. */
  runsBundle: string | null;
  /** While true it answers 503 to everything. */
  away: boolean;
  close(): Promise<void>;
}

export async function startStandInEdge(): Promise<StandInEdge> {
  const secret = `whsec_${Buffer.from('a secret of tests, 24+ bytes').toString('base64')}`;
  const profiles = new Map<string, Profile>();
  const logs = new Map<string, readonly unknown[]>();
  const fenced: StandInEdge['fenced'] = new Map();
  const trimmed = new Map<string, number>();
  const states: StandInEdge['states'] = new Map();
  const cards: StandInEdge['cards'] = new Map();
  const facts = new Set<string>();
  const warnings: StandInEdge['warnings'] = new Map();
  const calls: string[] = [];
  const app = new Hono();
  app.onError((_, context) => context.json({ error_code: 'refused' }, 401));
  app.notFound((context) => context.json({ error_code: 'route_not_found' }, 404));
  app.use(async (context, next) => {
    if (edge.away) return context.json({ error_code: 'away' }, 503);
    return await next();
  });
  app.get('/readyz', (context) =>
    edge.wrongSettings.length === 0
      ? context.json({ status: 'ok', bundle: edge.runsBundle })
      : context.json({ status: 'misconfigured', wrong_settings: edge.wrongSettings }, 503),
  );
  app.use('/internal/*', async (context, next) => {
    if (innerCall in (context.env as object)) return await next();
    const { pathname, search } = new URL(context.req.url);
    const call = { method: context.req.method, pathAndQuery: pathname + search, body: await context.req.text() };
    requireSignature(context.req.raw.headers, call, secret);
    await next();
  });
  takeCallsInOne(app, () => edge);
  takeProfiles(app, () => edge);
  takeMessages(app, { cards, facts, calls });
  readBack(app, { states, logs });
  serveLogs(app, () => edge);

  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  const { port } = server.address() as AddressInfo;
  const edge: StandInEdge = {
    url: `http://127.0.0.1:${port}`,
    secret,
    profiles,
    logs,
    fenced,
    takesCallsInOne: true,
    fences: true,
    trimmed,
    states,
    cards,
    facts,
    warnings,
    calls,
    meanwhile: null,
    wrongSettings: [],
    runsBundle: null,
    away: false,
    async close() {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return edge;
}

function keyOf(context: Context): string {
  return `${context.req.param('network')}:${tokenOfSegment(context.req.param('token') ?? '')}`;
}

/** In the environment of a call that came in another, whose signature was looked at. */
const innerCall = 'a call in one';

function takeCallsInOne(app: Hono, edge: () => StandInEdge): void {
  app.post('/internal/calls', async (context) => {
    if (!edge().takesCallsInOne) return context.notFound();
    const calls = callsBodySchema.parse(await context.req.json());
    edge().calls.push(`CALLS ${calls.length}`);
    const answers = calls.map(async ({ method, path, body }) => {
      const inner = method === 'GET' ? { method } : { method, body };
      const answer = await app.request(path, inner, { [innerCall]: true });
      return { status: answer.status, body: await answer.json() };
    });
    return context.json(await Promise.all(answers));
  });
}

/** Profiles are kept by their version. `edge`: what the test reads and sets. */
function takeProfiles(app: Hono, edge: () => StandInEdge): void {
  app.put('/internal/cards/:network/:token', async (context) => {
    const key = keyOf(context);
    edge().calls.push(`PUT ${key}`);
    await edge().meanwhile?.();
    edge().meanwhile = null;
    const profile = profileSchema.parse(await context.req.json());
    const inForce = edge().profiles.get(key);
    const version = inForce?.version ?? 0;
    // The same version with another content is as little in force as an older one.
    const isOther = version === profile.version && JSON.stringify(inForce) !== JSON.stringify(profile);
    if (version > profile.version || isOther) return context.json({ outcome: 'stale', version }, 409);
    edge().profiles.set(key, profile);
    const outcome = version === profile.version ? 'unchanged' : 'stored';
    const warned = edge().warnings.get(key);
    return context.json({
      ...{ outcome, version: profile.version },
      ...(warned === undefined ? {} : { warnings: warned }),
    });
  });
}

/** A card as it stands, what is left of its controls, and what may be stood in for: the same for every card. */
function readBack(app: Hono, { states, logs }: Pick<StandInEdge, 'states' | 'logs'>): void {
  app.get('/internal/cards/:network/:token', (context) => {
    const card = states.get(keyOf(context));
    if (card === undefined) return context.json({ error_code: 'card_not_found' }, 404);
    const { profile, held_minor, posted_minor } = card.state;
    const withheld_minor = withheldMinor(card.state);
    const last_sequence = logs.get(keyOf(context))?.length ?? 0;
    return context.json({
      ...{ profile, held_minor, posted_minor, withheld_minor, last_sequence, published_sequence: last_sequence },
    } satisfies ReadCardAnswer);
  });
  app.get('/internal/cards/:network/:token/controls', (context) => {
    const card = states.get(keyOf(context));
    if (card === undefined) return context.json({ error_code: 'card_not_found' }, 404);
    const { state, nowMs } = card;
    const profile_version = state.profile?.version ?? null;
    return context.json({ at_ms: nowMs, profile_version, controls: readControls(state, nowMs) });
  });
  app.get('/internal/cards/:network/:token/stand-in', (context) => {
    const card = states.get(keyOf(context));
    return context.json({
      ...{ at_ms: card?.nowMs ?? 0, policy: 'stand_in', standing: card === undefined ? 'unknown' : 'active' },
      ...{ currency: card?.state.profile?.currency ?? null, amount_minor_max: 5_000, resets_at_ms: 86_400_000 },
      count: { limit: 3, used: 1, left: 2 },
      sum: { limit_minor: 10_000, used_minor: 4_000, left_minor: 6_000 },
    } satisfies StandInReadback);
  });
}

/** A card that is not here is one whose object cannot be reached. */
function takeMessages(app: Hono, { cards, facts, calls }: Pick<StandInEdge, 'cards' | 'facts' | 'calls'>): void {
  app.post('/internal/facts/:network', async (context) => {
    const { fact } = postFactBodySchema.parse(await context.req.json());
    return context.json({ taken: facts.has(fact) });
  });
  app.post('/internal/cards/:network/:token/refund-releases', async (context) => {
    const key = keyOf(context);
    calls.push(`RELEASE ${key}`);
    const card = cards.get(key);
    if (card?.releaseRefund === undefined) return context.json({ error_code: 'card_unavailable' }, 503);
    return context.json(card.releaseRefund(refundReleaseSchema.parse(await context.req.json())));
  });
  app.post('/internal/cards/:network/:token/messages', async (context) => {
    const key = keyOf(context);
    calls.push(`POST ${key}`);
    const card = cards.get(key);
    if (card === undefined) return context.json({ error_code: 'card_unavailable' }, 503);
    const answer = card.receive(cardMessageSchema.parse(await context.req.json()));
    return context.json(answer, answer.outcome === 'conflict' ? 409 : 200);
  });
}

function pageOf(log: readonly unknown[], oldest: number, after: number) {
  const first_sequence = Math.min(oldest, log.length + 1);
  const from = Math.max(after, first_sequence - 1);
  return { events: log.slice(from, from + limits.eventsPageMax), first_sequence, last_sequence: log.length };
}

/** A card without the event that the origin names is fenced, as the edge's are, until pages of its past have brought it up to `until`. */
function serveLogs(app: Hono, edge: () => StandInEdge): void {
  app.get('/internal/cards/:network/:token/events', (context) => {
    const key = keyOf(context);
    const { calls, logs, fenced, fences, trimmed } = edge();
    calls.push(`GET ${key}`);
    const log = logs.get(key) ?? [];
    const { after = 0, seen, event } = context.req.query();
    if (fences && seen !== undefined && !fenced.has(key)) {
      const [has] = log.slice(Number(seen) - 1, Number(seen)) as { event_id?: string }[];
      if (has === undefined || (event !== undefined && has.event_id !== undefined && has.event_id !== event))
        fenced.set(key, null);
    }
    return context.json({ ...pageOf(log, trimmed.get(key) ?? 1, Number(after)), is_fenced: fenced.has(key) });
  });
  app.post('/internal/cards/:network/:token/rebuild', async (context) => {
    const key = keyOf(context);
    const { calls, logs, fenced } = edge();
    calls.push(`REBUILD ${key}`);
    const { until, events } = rebuildBodySchema.parse(await context.req.json());
    const aside = fenced.get(key);
    if (aside === undefined)
      return context.json({ sequence: logs.get(key)?.length ?? 0, is_fenced: false, told_again: 0 });
    if (aside === null) {
      fenced.set(key, logs.get(key) ?? []);
      logs.set(key, []);
    }
    const log = [...(logs.get(key) ?? []), ...events];
    logs.set(key, log);
    if (log.length < until.sequence) return context.json({ sequence: log.length, is_fenced: true, told_again: 0 });
    fenced.delete(key);
    return context.json({ sequence: log.length, is_fenced: false, told_again: 0 });
  });
}
