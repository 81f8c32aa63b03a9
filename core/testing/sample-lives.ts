// A card's life for property tests, made of drawn numbers: the same numbers, the same life. Few keys, so that what happens
// meets; keys change after some turns, so that what is long over is not named again.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { LimitControl } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Window } from '../../contracts/window.ts';
import { Card, type CardHistory } from '../card/card.ts';
import type { LoggedEvent } from '../card/logged-event.ts';
import type { Snapshot } from '../card/snapshot.ts';
import {
  advice,
  clearing,
  countingIds,
  expiry,
  hourMs,
  limitPerDay,
  merchant,
  noonMs,
  profile,
  refund,
  request,
  reversal,
} from './samples.ts';

/** The numbers of one turn, each from 0 to 999. */
export type Draws = readonly number[];
export const drawsPerTurn = 14;
/** Turns for which an authorization's key may be named. */
const turnsPerKey = 8;

export type Turn = { readonly waitMs: number } & (
  | { readonly does: 'ask'; readonly request: AuthorizationRequest; readonly late: boolean }
  | { readonly does: 'say'; readonly message: CardMessage }
  | { readonly does: 'void'; readonly request_key: string }
  | { readonly does: 'profile'; readonly profile: Profile }
  | { readonly does: 'expire' }
);

const windows: readonly Window[] = [
  { per: 'day', time_zone: 'UTC' },
  { per: 'day', time_zone: 'America/New_York' },
  { per: 'day', time_zone: 'Pacific/Kiritimati' },
  { per: 'week', starts_on: 'wednesday', time_zone: 'Asia/Kolkata' },
  { per: 'month', starts_on: 31, time_zone: 'UTC' },
  { per: 'month', starts_on: 5, time_zone: 'Europe/Berlin' },
  { per: 'year', time_zone: 'UTC' },
  { per: 'lifetime' },
  { per: 'rolling', seconds: 3 * 3_600 },
  { per: 'rolling', seconds: 20 * 24 * 3_600 },
  { per: 'transaction' },
];
const lookingAt: readonly LimitControl['applies_to'][] = [
  {},
  { category: { any_of: ['5411'] } },
  { category: { none_of: ['5411'] } },
  { category: { any_of: ['5411', '5812'], none_of: ['5812'] } },
];
const categories = ['5411', '5812', null] as const;

/** Takes one number after another. */
function hand(draws: Draws) {
  let next = 0;
  const below = (end: number) => (draws[next++] ?? 0) % end;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  return { below, pick, sometimes: <T extends object>(value: T) => (below(4) === 0 ? value : {}) };
}

export function profileOf(draws: Draws, version: number): Profile {
  const { below, pick } = hand(draws);
  const one = (control_id: string): LimitControl =>
    limitPerDay(below(40) * 100, {
      control_id,
      window: pick(windows),
      applies_to: pick(lookingAt),
      refunds_give_back: below(3) === 0,
    });
  const controls = ['first', 'second', 'third'].map(one);
  const count = 1 + below(5);
  return profile({
    version,
    funds_minor: below(2) === 0 ? null : below(100) * 100,
    partial_approval: below(2) === 0,
    controls: controls.map((control) =>
      control.window.per === 'transaction' || control.amount_minor === 0 ? control : { ...control, count },
    ),
  });
}

export function turnOf(draws: Draws, index: number, changesProfile = true): Turn {
  const { below, pick, sometimes } = hand(draws);
  const kind = below(20);
  const waitMs = pick([0, 1, 1_000, hourMs, hourMs, 20 * hourMs, 60 * hourMs]);
  const era = Math.floor(index / turnsPerKey);
  const keys = ['a', 'b', 'c'].map((name) => `${name}${era}`);
  const authorization_key = pick(keys);
  const amount_minor = below(1_000);
  const names = sometimes({ alias_key: pick(keys) });
  const place = merchant(pick(categories));
  const agoMs = below(10) * 1_000;
  const told = { message_key: `m${index - (below(10) === 0 ? 1 : 0)}`, authorization_key, ...names };
  const occurred = sometimes({ occurred_at_ms: noonMs + index * hourMs - agoMs });
  if (kind < 8) {
    const request_key = `r${index - (below(10) === 0 ? 1 : 0)}`;
    const increment = sometimes({ kind: 'incremental' as const });
    const asked = { request_key, authorization_key, amount_minor, merchant: place, partial_approval_capable: true };
    return {
      does: 'ask',
      waitMs,
      late: below(20) === 0,
      request: request({ ...asked, ...names, ...occurred, ...increment }),
    };
  }
  const say = (message: CardMessage): Turn => ({ does: 'say', waitMs, message });
  const somewhere = below(2) === 0 ? null : place;
  const linked = below(5) === 0 ? { authorization_key: null } : {};
  if (kind < 12)
    return say(clearing({ ...told, ...linked, ...occurred, amount_minor, final: below(2) === 0, merchant: somewhere }));
  if (kind < 14) return say(reversal({ ...told, ...occurred, amount_minor: below(3) === 0 ? null : amount_minor }));
  if (kind === 14) return say(refund({ ...told, ...linked, amount_minor, merchant: somewhere }));
  if (kind === 15) return say(expiry({ ...told, ...occurred }));
  if (kind === 16) {
    const answered = sometimes({ request_key: `r${index + 1 - below(3)}` });
    return say(advice({ ...told, ...occurred, ...answered, hold_minor: amount_minor, merchant: somewhere }));
  }
  if (kind === 17) return { does: 'void', waitMs, request_key: `r${index + 1 - below(6)}` };
  if (kind === 18 && changesProfile) return { does: 'profile', waitMs, profile: profileOf(draws.slice(2), index + 2) };
  return { does: 'expire', waitMs };
}

/** A card whose log is a list. */
export class SampleCard {
  readonly log: LoggedEvent[] = [];
  card: Card;
  clockMs = noonMs;
  readonly #history: CardHistory;

  constructor(first: Profile) {
    const freshIds = countingIds();
    const at = (sequence: number) => {
      const row = this.log[sequence - 1];
      if (row === undefined) throw new Error(`there is no row ${sequence}`);
      return row.body;
    };
    this.#history = { append: (event) => this.log.push(event), at, freshIds };
    this.card = new Card(this.#history, null, []);
    this.card.putProfile(first, noonMs);
  }

  /** What the card answers. */
  take(turn: Turn): unknown {
    this.clockMs += turn.waitMs;
    const { clockMs, card } = this;
    switch (turn.does) {
      case 'ask':
        return card.authorize(turn.request, clockMs, turn.late ? clockMs - 1 : null);
      case 'say':
        return card.receive(turn.message, clockMs);
      case 'void':
        return card.void(turn.request_key, clockMs);
      case 'profile':
        return card.putProfile(turn.profile, clockMs);
      case 'expire':
        return card.expire(clockMs).expired;
    }
  }

  /** As after a crash: in memory is what was stored. */
  reload(snapshot: Snapshot | null): void {
    this.card = new Card(this.#history, snapshot, this.log.slice(snapshot?.sequence ?? 0));
  }
}
