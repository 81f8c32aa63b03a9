// The edge as the origin calls it: signed, timed, and believed only in the shape of the contract. Throws where the edge
// cannot be reached or answers anything else.

import * as z from 'zod';
import type { CardMessage } from '../../contracts/card-message.ts';
import { newId } from '../../contracts/ids.ts';
import {
  cardEventsAnswerSchema,
  postFactAnswerSchema,
  postMessageAnswerSchema,
  putCardAnswerSchema,
  type ReadCardAnswer,
  type RebuildAnswer,
  readCardAnswerSchema,
  rebuildAnswerSchema,
  returnAnswerSchema,
  standInStandingSchema,
} from '../../contracts/internal-answers.ts';
import { type rebuildBodySchema, tokenInPath, type turnStandInBodySchema } from '../../contracts/internal-api.ts';
import type { Profile } from '../../contracts/profile.ts';
import {
  type ControlsReadback,
  controlsReadbackSchema,
  type StandInReadback,
  standInReadbackSchema,
} from '../../contracts/readback.ts';
import type { RefundRelease } from '../../contracts/refund-release.ts';
import { signCall } from '../../contracts/sign-call.ts';
import { beforeWaitingFor } from '../db/held.ts';
import type { Acknowledged } from '../intake/acknowledged.ts';
import type { CardName } from '../intake/streams.ts';
import { describeError } from '../log.ts';
import { inSpan, type OpenSpan, traceHeaders } from '../tracing/spans.ts';
import { createCallsInOne, type EdgeCall, type Settled } from './calls-in-one.ts';
import { answerIn, type Method } from './edge-answer.ts';

const callMsMax = 5_000;
type PutAnswer = z.infer<typeof putCardAnswerSchema>;
type EventsAnswer = z.infer<typeof cardEventsAnswerSchema>;

export interface Push {
  readonly card: CardName;
  readonly profile: Profile;
  /** As `putProfile` has them. */
  readonly after: number;
  readonly seen: Acknowledged | undefined;
}

export interface Standing {
  readonly card: CardName;
  readonly seen: Acknowledged | undefined;
}

export interface EdgeClient {
  /** `after`: the newest event of the card that is known here. `seen`: one that the card must have, or it was set back. */
  putProfile(card: CardName, profile: Profile, after?: number, seen?: Acknowledged): Promise<PutAnswer>;
  /** The same of many cards, a hundred in a call; each is answered by itself. */
  putProfiles(pushes: readonly Push[]): Promise<Settled<PutAnswer>[]>;
  /** As a network would have sent it: under the same key twice it is booked once. */
  sendMessage(card: CardName, message: CardMessage): Promise<z.infer<typeof postMessageAnswerSchema>>;
  /** A person has released a refund that the card withholds: twice is once. */
  releaseRefund(card: CardName, release: RefundRelease): Promise<z.infer<typeof postMessageAnswerSchema>>;
  /** A kept fact once more, as its evidence has it. */
  sendFact(network: string, fact: string): Promise<z.infer<typeof postFactAnswerSchema>>;
  eventsAfter(card: CardName, after: number, seen?: Acknowledged): Promise<EventsAnswer>;
  /** How far each card's log goes, without its events: of many cards in one call. `seen`: as above. */
  standings(cards: readonly Standing[]): Promise<Settled<EventsAnswer>[]>;
  /** A page of its past, to a card that was set back. */
  rebuild(card: CardName, page: z.infer<typeof rebuildBodySchema>): Promise<RebuildAnswer>;
  /** Its storage as it was at that instant; it lacks what is booked since, and the next question fences it. */
  returnCard(card: CardName, atMs: number): Promise<z.infer<typeof returnAnswerSchema>>;
  /** Null: the edge knows no such card. */
  readCard(card: CardName): Promise<ReadCardAnswer | null>;
  readControls(card: CardName): Promise<ControlsReadback>;
  /** Whether stand-ins of a network are on; `turn` turns them. */
  standIn(
    network: string,
    turn?: z.infer<typeof turnStandInBodySchema>,
  ): Promise<z.infer<typeof standInStandingSchema>>;
  /** What may be stood in for in the card's place, and what is left of it. */
  readStandIn(card: CardName): Promise<StandInReadback>;
  /** Throws why the edge would serve nothing. */
  ping(): Promise<void>;
  /** What the edge's clock says, in ms, to the second. Throws where it cannot be asked, or does not say. */
  clockMs(): Promise<number>;
  /** Throws where the edge runs another bundle than the one that is expected. An edge that cannot be asked is `ping`'s to tell. */
  checkBundle(): Promise<void>;
}

export interface EdgeClientOptions {
  readonly url: string;
  readonly secret: string;
  /** The id of the bundle that should run at the edge. Undefined: any may. */
  readonly bundle?: string | undefined;
}

export function createEdgeClient({ url, secret, bundle }: EdgeClientOptions): EdgeClient {
  async function call<T>({ schema, method, path, body, timeoutMs = callMsMax }: EdgeCall<T>): Promise<T> {
    const target = new URL(path, url);
    const pathAndQuery = target.pathname + target.search;
    const signature = signCall(secret, { method, pathAndQuery, body }, { id: newId('req'), at: new Date() });
    const answer = await inSpan(`edge ${method}`, { kind: 'client', attributes: { 'peer.service': 'edge' } }, (span) =>
      answered(span, target, {
        method,
        headers: { 'content-type': 'application/json', ...signature, ...traceHeaders() },
        ...(method === 'GET' ? {} : { body }),
        signal: AbortSignal.timeout(timeoutMs),
      }),
    );
    return answerIn(schema, { status: answer.status, body: await answer.json().catch(() => null) }, method);
  }
  const ask = <T>(schema: z.core.$ZodType<T>, method: Method, path: string, body = '') =>
    call({ schema, method, path, body });

  async function ping(): Promise<void> {
    const answer = await reach(new URL('/readyz', url), { signal: AbortSignal.timeout(2_000) });
    const said: unknown = await answer.json().catch(() => null);
    const wrong = misconfiguredSchema.safeParse(said).data?.wrong_settings;
    if (wrong !== undefined) throw new Error(`the edge serves nothing, because of its settings: ${wrong.join(', ')}`);
    // 404: an edge of an older release, which is alive.
    if (!answer.ok && answer.status !== 404) throw new Error(`the edge answered ${answer.status} to /readyz`);
  }
  const callsInOne = createCallsInOne({ call, ping });

  return {
    putProfile: (card, profile, after = 0, seen) => call(putOf({ card, profile, after, seen })),
    putProfiles: (pushes) => callsInOne(pushes.map(putOf)),
    sendMessage: (card, message) =>
      ask(postMessageAnswerSchema, 'POST', `${pathOf(card)}/messages`, JSON.stringify(message)),
    releaseRefund: (card, release) =>
      ask(postMessageAnswerSchema, 'POST', `${pathOf(card)}/refund-releases`, JSON.stringify(release)),
    sendFact: (network, fact) =>
      ask(postFactAnswerSchema, 'POST', `/internal/facts/${network}`, JSON.stringify({ fact })),
    eventsAfter: (card, after, seen) =>
      ask(cardEventsAnswerSchema, 'GET', `${pathOf(card)}/events${known(after, seen)}`),
    standings: (cards) => callsInOne(cards.map(standingOf)),
    rebuild: (card, page) => ask(rebuildAnswerSchema, 'POST', `${pathOf(card)}/rebuild`, JSON.stringify(page)),
    returnCard: (card, at_ms) => ask(returnAnswerSchema, 'POST', `${pathOf(card)}/return`, JSON.stringify({ at_ms })),
    async readCard(card) {
      const said = await ask(z.union([readCardAnswerSchema, unknownCardSchema]), 'GET', pathOf(card));
      return 'error_code' in said ? null : said;
    },
    readControls: (card) => ask(controlsReadbackSchema, 'GET', `${pathOf(card)}/controls`),
    standIn: (network, turn) =>
      turn === undefined
        ? ask(standInStandingSchema, 'GET', `/internal/stand-in/${network}`)
        : ask(standInStandingSchema, 'PUT', `/internal/stand-in/${network}`, JSON.stringify(turn)),
    readStandIn: (card) => ask(standInReadbackSchema, 'GET', `${pathOf(card)}/stand-in`),
    ping,
    clockMs: () => clockMsAt(url),
    async checkBundle() {
      if (bundle === undefined) return;
      const answer = await reach(new URL('/readyz', url), { signal: AbortSignal.timeout(2_000) }).catch(() => null);
      const said: unknown = await answer?.json().catch(() => null);
      if (answer?.ok !== true) return;
      const runs = bundleSchema.safeParse(said).data?.bundle ?? null;
      if (runs === bundle) return;
      const what = runs === null ? 'does not say which bundle it runs' : `runs the bundle ${runs}`;
      throw new Error(`the edge ${what}; EDGE_BUNDLE_SHA256 expects ${bundle}`);
    },
  };
}

/** fetch says only that it failed; why is in its cause. No redirect is followed: the signature is for one path. */
async function clockMsAt(url: string): Promise<number> {
  const { headers } = await reach(new URL('/livez', url), { signal: AbortSignal.timeout(2_000) });
  const ms = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(ms)) throw new Error('the edge does not say what time it is');
  return ms;
}

async function reach(target: URL, request: RequestInit): Promise<Response> {
  beforeWaitingFor('the edge');
  try {
    return await fetch(target, { ...request, redirect: 'manual' });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const { code, message } = describeError(cause);
    throw new Error(`the edge cannot be reached: ${code ?? message}`, { cause: error });
  }
}

async function answered(span: OpenSpan, target: URL, request: RequestInit): Promise<Response> {
  const answer = await reach(target, request);
  span.say({ 'http.response.status_code': answer.status });
  if (answer.status >= 500) span.fail(`status_${answer.status}`);
  return answer;
}

/** A token may hold any printable characters: a slash, a question mark, two dots alone. */
function pathOf({ network, card_token }: CardName): string {
  return `/internal/cards/${network}/${tokenInPath(card_token)}`;
}

function putOf({ card, profile, after, seen }: Push): EdgeCall<PutAnswer> {
  const query = after === 0 && seen === undefined ? '' : known(after, seen);
  return { schema: putCardAnswerSchema, method: 'PUT', path: `${pathOf(card)}${query}`, body: JSON.stringify(profile) };
}

/** Asked for the events after the last number that there can be: there are none, and what is said beside them is what is asked for. */
function standingOf({ card, seen }: Standing): EdgeCall<EventsAnswer> {
  const path = `${pathOf(card)}/events${known(Number.MAX_SAFE_INTEGER, seen)}`;
  return { schema: cardEventsAnswerSchema, method: 'GET', path, body: '' };
}

function known(after: number, seen: Acknowledged | undefined): string {
  if (seen === undefined) return `?after=${after}`;
  const { sequence, event_id } = seen;
  return `?after=${after}&seen=${sequence}${event_id === null ? '' : `&event=${event_id}`}`;
}

const unknownCardSchema = z.object({ error_code: z.literal('card_not_found') });

const bundleSchema = z.object({ bundle: z.string().regex(/^[0-9a-f]{64}$/) });

/** Names alone, and of these nothing that would not stand in a log line. */
const misconfiguredSchema = z.object({
  status: z.literal('misconfigured'),
  wrong_settings: z.array(z.string().regex(/^[A-Z][A-Z_]{1,60}$/)).max(50),
});
