// A second reckoning of a card's money, for tests: slow, from scratch, off the log alone, and sharing no code with `apply`.

import type { CardEventBody } from '../contracts/card-event.ts';
import type { LimitControl } from '../contracts/profile.ts';
import type { LoggedEvent } from './apply.ts';

/** The model: one life's money, read off its events alone. */
export interface Reckoned {
  first_ms: number;
  category: string | null;
  held: number;
  cleared: number;
  refunded: number;
}

export function reckon(log: readonly LoggedEvent[]): Reckoned[] {
  const byLife = new Map<string, LoggedEvent[]>();
  for (const event of log) {
    const { body } = event;
    if (body.kind === 'profile') continue;
    const life = body.authorization_id ?? '';
    byLife.set(life, [...(byLife.get(life) ?? []), event]);
  }
  return [...byLife.values()].map(reckonLife);
}

function reckonLife(events: readonly LoggedEvent[]): Reckoned {
  const bodies = events.map(({ body }) => body);
  const messages = bodies.flatMap((body) => (body.kind === 'message' ? [body.message] : []));
  const said = (kind: string) =>
    messages.filter((one) => one.kind === kind).reduce((sum, one) => sum + (one.amount_minor ?? 0), 0);
  const asked = bodies.flatMap((body) =>
    body.kind === 'authorization' && body.decision.outcome === 'approved' ? [body.request.merchant] : [],
  );
  const told = messages.flatMap((one) => (one.kind === 'clearing' && one.merchant !== null ? [one.merchant] : []));
  return {
    first_ms: events[0]?.at_ms ?? 0,
    category: (asked.at(-1) ?? told[0])?.category ?? null,
    held: reckonHeld(bodies),
    cleared: said('clearing'),
    refunded: said('refund'),
  };
}

/** Step by step: what may be used of the approvals, which goes below zero where more was cleared or reversed than approved. */
function reckonHeld(bodies: readonly CardEventBody[]): number {
  let [left, everApproved, closed] = [0, 0, false];
  for (const body of bodies) {
    if (body.kind === 'authorization' && body.decision.outcome === 'approved') {
      if (closed && everApproved > 0) [left, closed] = [0, false];
      left += body.decision.approved_minor;
      everApproved += body.decision.approved_minor;
    } else if (body.kind === 'void') {
      left -= body.voided_minor;
      everApproved -= body.voided_minor;
    } else if (body.kind === 'message') {
      const { message } = body;
      if (message.kind !== 'refund') left -= message.amount_minor ?? 0;
      closed ||=
        message.kind === 'clearing' ? message.final : message.kind === 'reversal' && message.amount_minor === null;
    }
  }
  return closed ? 0 : Math.max(0, left);
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
    byDate[date] = (byDate[date] ?? 0) + life.held + life.cleared;
  }
  return withoutZeros(byDate);
}

export function withoutZeros(byDate: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(byDate).filter(([, amount]) => amount !== 0));
}
