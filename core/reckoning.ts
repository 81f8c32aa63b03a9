// A second reckoning of a card's money, for tests: slow, from scratch, off the log alone, and sharing no code with `apply`.

import type { CardEventBody } from '../contracts/card-event.ts';
import type { LimitControl } from '../contracts/profile.ts';
import type { LoggedEvent } from './apply.ts';

/** The model: one life's money, read off its events alone. */
export interface Reckoned {
  first_ms: number;
  category: string | null;
  approved: number;
  reversed: number;
  cleared: number;
  refunded: number;
  closed: boolean;
}

export function reckon(log: readonly LoggedEvent[]): Reckoned[] {
  const byLife = new Map<string, LoggedEvent[]>();
  for (const event of log) {
    const { body } = event;
    if (body.kind === 'profile' || (body.kind === 'authorization' && body.decision.outcome === 'declined')) continue;
    const life = body.authorization_id ?? '';
    byLife.set(life, [...(byLife.get(life) ?? []), event]);
  }
  return [...byLife.values()].map(reckonLife);
}

function reckonLife(events: readonly LoggedEvent[]): Reckoned {
  const bodies = events.map(({ body }) => body);
  const total = (figure: (body: CardEventBody) => number) => bodies.reduce((sum, body) => sum + figure(body), 0);
  const messages = bodies.flatMap((body) => (body.kind === 'message' ? [body.message] : []));
  const said = (kind: string) =>
    messages.filter((one) => one.kind === kind).reduce((sum, one) => sum + (one.amount_minor ?? 0), 0);
  const asked = bodies.flatMap((body) => (body.kind === 'authorization' ? [body.request.merchant] : []));
  const told = messages.flatMap((one) => (one.kind === 'clearing' && one.merchant !== null ? [one.merchant] : []));
  return {
    first_ms: events[0]?.at_ms ?? 0,
    category: (asked.at(-1) ?? told[0])?.category ?? null,
    approved: total((body) =>
      body.kind === 'authorization' ? body.decision.approved_minor : body.kind === 'void' ? -body.voided_minor : 0,
    ),
    reversed: said('reversal'),
    cleared: said('clearing'),
    refunded: said('refund'),
    closed: messages.some(
      (one) => (one.kind === 'clearing' && one.final) || (one.kind === 'reversal' && one.amount_minor === null),
    ),
  };
}

export function heldOf({ approved, reversed, cleared: moved, closed }: Reckoned): number {
  return closed ? 0 : Math.max(0, approved - reversed - moved);
}

export function dateIn(timeZone: string, atMs: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(atMs);
}

/** What a limit has counted, by local date, without the days on which that is nothing. */
export function recount(lifes: readonly Reckoned[], { applies_to, window }: LimitControl): Record<string, number> {
  const byDate: Record<string, number> = {};
  if (window.per === 'transaction') return byDate;
  for (const life of lifes) {
    const { category_any_of: any, category_none_of: none } = applies_to;
    if (any !== undefined && !(life.category !== null && any.includes(life.category))) continue;
    if (none !== undefined && life.category !== null && none.includes(life.category)) continue;
    const date = dateIn(window.time_zone, life.first_ms);
    byDate[date] = (byDate[date] ?? 0) + heldOf(life) + life.cleared;
  }
  return withoutZeros(byDate);
}

export function withoutZeros(byDate: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(byDate).filter(([, amount]) => amount !== 0));
}
