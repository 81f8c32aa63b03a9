// What came of an event, as the origin tells it: the queue needs a moment, so it is asked until it knows.

import * as z from 'zod';
import { decimalTextFromMinor } from '../../contracts/money.ts';
import { apiOf } from '../dev/demo.ts';
import type { Running } from '../dev/running.ts';

const timelineSchema = z.object({
  decision: z
    .object({ outcome: z.string(), reason: z.string().nullable(), control_id: z.string().nullable() })
    .nullable(),
  events: z.array(
    z.object({
      kind: z.string(),
      event_id: z.string(),
      message: z.object({ kind: z.string() }).optional(),
      transfers: z.array(z.object({ kind: z.string(), amount_minor: z.number(), currency: z.string() })),
    }),
  ),
});
export type Timeline = z.infer<typeof timelineSchema>;

const listSchema = z.object({ authorizations: z.array(z.object({ authorization_id: z.string() })) });

const bookedWithinMs = 15_000;

async function until<T>(known: () => Promise<T | null>): Promise<T | null> {
  const untilMs = Date.now() + bookedWithinMs;
  while (Date.now() < untilMs) {
    const one = await known();
    if (one !== null) return one;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return null;
}

/** The timeline once it holds so many events; null where the origin does not come to know them. */
export function booked(running: Running, authorizationId: string, events: number): Promise<Timeline | null> {
  return until(async () => {
    const timeline = await timelineOf(running, authorizationId);
    return timeline !== null && timeline.events.length >= events ? timeline : null;
  });
}

export async function timelineOf(running: Running, authorizationId: string): Promise<Timeline | null> {
  const path = `/authorizations/${authorizationId}/timeline`;
  const { status, body } = await apiOf(running.origin_url)('GET', path).catch(nobodyIfAway);
  return status === 200 ? timelineSchema.parse(body) : null;
}

/** Nothing listens there: the origin is away, and the edge decides all the same. */
function nobodyIfAway(error: unknown): { status: number; body: unknown } {
  if (error instanceof Error && /ECONNREFUSED|ECONNRESET|other side closed/.test(String(error.cause)))
    return { status: 0, body: null };
  throw error;
}

export async function isOriginAway({ origin_url }: Running): Promise<boolean> {
  return (await apiOf(origin_url)('GET', '/livez').catch(nobodyIfAway)).status === 0;
}

/** The ids that the origin knows of a card's newest authorizations; none of a card that the origin has not made. */
export async function newestOf(running: Running, cardToken: string): Promise<readonly string[]> {
  const card = running.cards.find(({ card_token }) => card_token === cardToken);
  if (card === undefined) return [];
  const path = `/authorizations?card_id=${card.card_id}&limit=20`;
  const { status, body } = await apiOf(running.origin_url)('GET', path).catch(nobodyIfAway);
  if (status !== 200) return [];
  return listSchema.parse(body).authorizations.map(({ authorization_id }) => authorization_id);
}

/** The authorization that was not among those before. */
export function begun(running: Running, cardToken: string, before: readonly string[]): Promise<string | null> {
  return until(async () => (await newestOf(running, cardToken)).find((id) => !before.includes(id)) ?? null);
}

export function shown({ decision, events }: Timeline): string {
  const why = decision?.reason ? ` (${decision.reason}${decision.control_id ? ` by ${decision.control_id}` : ''})` : '';
  const lines = events.map(({ kind, message, transfers }) => {
    const moved = transfers
      .map((sum) => `${sum.kind} ${decimalTextFromMinor(sum.amount_minor, sum.currency)} ${sum.currency}`)
      .join(', ');
    return `    ${(message?.kind ?? kind).padEnd(14)} ${moved || 'no transfer'}`;
  });
  return [`  decision    ${decision?.outcome ?? 'none'}${why}`, '  ledger      transfers of each event', ...lines].join(
    '\n',
  );
}
