// Facts that a network states and the edge cannot book: kept whole by the queue of card events, for a person at the origin. Whoever
// sends one acknowledges it to the network only once the queue has taken it.

import type { Merchant } from '../contracts/authorization-request.ts';
import { evidenceOf } from '../contracts/evidence.ts';
import type { KeptFact } from '../contracts/kept-fact.ts';
import { cardKey, cardTokenSchema, type Network } from '../contracts/network.ts';
import type { FieldProblem } from '../contracts/problem.ts';
import type { Env } from './env.ts';
import { logEvent } from './log.ts';
import { sendInCalls } from './send-in-calls.ts';

/** A fact as the network stated it, and what is wrong with it. */
export interface OddFact {
  readonly fact: unknown;
  /** As it came: only a token that can be read names a card. */
  readonly cardToken: unknown;
  readonly reason: KeptFact['reason'];
  /** As `transactions[0].amount`; null: all of it. */
  readonly field: string | null;
  readonly problem: string;
  /** The shop that it names; null: none that can be read. */
  readonly merchant: Merchant | null;
}

/**
 * Sends the fact to the queue; throws where the queue does not take it: the network must then send it again. The same fact sent
 * twice has the same key, and is one open item.
 */
export async function keepFact(
  env: Env,
  network: Network,
  identifiers: ReadonlySet<string>,
  odd: OddFact,
): Promise<void> {
  const kept = await keptFactOf(network, identifiers, odd);
  await env.CARD_EVENTS.send(kept);
  const { reason, field, problem } = odd;
  logEvent('warn', 'fact_kept', { network, reason, field, problem });
}

/** The same for many at once. */
export async function keepFacts(
  env: Env,
  network: Network,
  identifiers: ReadonlySet<string>,
  odd: readonly OddFact[],
): Promise<void> {
  if (odd.length === 0) return;
  const kept = await Promise.all(odd.map((one) => keptFactOf(network, identifiers, one)));
  await sendInCalls(env.CARD_EVENTS, kept);
  logEvent('warn', 'facts_kept', { network, facts: odd.length });
}

let noticedMinute = 0;

/**
 * A request with card data in it, which was refused and is kept nowhere: a person hears of the field, once a minute of this isolate. One item for
 * each field, however often.
 */
export async function noticeCardData(env: Env, network: Network, [first]: readonly FieldProblem[]): Promise<void> {
  const minute = Math.floor(Date.now() / 60_000);
  if (first === undefined || minute === noticedMinute) return;
  noticedMinute = minute;
  const odd = { fact: first.field, cardToken: null, reason: 'card_data_refused' as const, merchant: null };
  await keepFact(env, network, new Set(), { ...odd, ...first });
}

async function keptFactOf(
  network: Network,
  identifiers: ReadonlySet<string>,
  { fact, cardToken, reason, field, problem, merchant }: OddFact,
): Promise<KeptFact> {
  const token = cardTokenSchema.safeParse(cardToken);
  const evidence = evidenceOf(fact, identifiers);
  return {
    version: 1,
    kind: 'kept_fact',
    fact_key: await sha256Hex(`${network}\n${reason}\n${evidence}`),
    network,
    card_key: token.success ? cardKey(network, token.data) : null,
    reason,
    field,
    problem,
    fact: evidence,
    ...(merchant === null ? {} : { merchant }),
    received_at_ms: Date.now(),
  };
}

async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
