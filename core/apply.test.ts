// A card lived through at random, and its state held against an independent reckoning of the same log from scratch.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CardEventBody } from '../contracts/card-event.ts';
import type { AppliesTo, Control, LimitControl, Profile } from '../contracts/profile.ts';
import { apply, type LoggedEvent } from './apply.ts';
import { holdMinor } from './authorization.ts';
import { availableMinor, type CardState, newCardState, setProfile } from './card-state.ts';
import { receiveMessage, receiveRequest, receiveVoid } from './receive.ts';
import { dateIn, reckon, recount, withoutZeros } from './reckoning.ts';
import {
  clearing,
  countingIds,
  hourMs,
  limitPerDay,
  merchant,
  noonMs,
  profile,
  refund,
  request,
  reversal,
} from './samples.ts';

const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'] as const;
const categories = ['5411', '5812', null] as const;

// A card's life at random: few keys, so that messages meet; hours between steps, so that days pass.
const amount_minor = fc.integer({ min: 0, max: 1_000 });
const authorization_key = fc.constantFrom('a', 'b', 'c', 'd');
const limit: fc.Arbitrary<Control> = fc
  .record({
    amount_minor: fc.integer({ min: 0, max: 5_000 }),
    time_zone: fc.constantFrom(...zones),
    applies_to: fc.constantFrom<AppliesTo[]>(
      {},
      { category_any_of: ['5411'] },
      { category_none_of: ['5411'] },
      { category_any_of: ['5411', '5812'], category_none_of: ['5812'] },
    ),
  })
  .map(({ amount_minor: most, time_zone, applies_to }) =>
    limitPerDay(most, { window: { per: 'day', time_zone }, applies_to }),
  );
const profiles: fc.Arbitrary<Profile> = fc
  .record({ limits: fc.array(limit, { maxLength: 3 }), funds_minor: fc.option(fc.integer({ min: 0, max: 20_000 })) })
  .map(({ limits, funds_minor }) =>
    profile({ funds_minor, controls: limits.map((control, index) => ({ ...control, control_id: `limit-${index}` })) }),
  );
const where = fc.constantFrom(...categories).map(merchant);
const cleared = fc.record({ amount_minor, final: fc.boolean(), merchant: fc.option(where) });

type Step =
  | { does: 'profile'; profile: Profile }
  | { does: 'ask'; asked: Parameters<typeof request>[0] }
  | { does: 'say'; message: Parameters<typeof receiveMessage>[1] }
  | { does: 'void'; which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: profiles.map((next): Step => ({ does: 'profile', profile: next })) },
  {
    weight: 6,
    arbitrary: fc
      .record({ authorization_key, amount_minor, merchant: where })
      .map((asked): Step => ({ does: 'ask', asked })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.option(authorization_key), cleared)
      .map(([key, said]): Step => ({ does: 'say', message: clearing({ authorization_key: key, ...said }) })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(authorization_key, fc.option(amount_minor))
      .map(([key, part]): Step => ({ does: 'say', message: reversal({ authorization_key: key, amount_minor: part }) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.option(authorization_key), amount_minor)
      .map(([key, back]): Step => ({ does: 'say', message: refund({ authorization_key: key, amount_minor: back }) })),
  },
  { weight: 1, arbitrary: fc.nat(50).map((which): Step => ({ does: 'void', which })) },
);
const lives = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 30 * hourMs })), { maxLength: 40 });

interface Lived {
  readonly state: CardState;
  readonly log: readonly LoggedEvent[];
}

function live(steps: readonly (readonly [Step, number])[]): Lived {
  const state = newCardState();
  const log: LoggedEvent[] = [];
  const ids = countingIds();
  let at_ms = noonMs;
  for (const [next, waitMs] of [[{ does: 'profile', profile: profile() }, 0] as const, ...steps]) {
    at_ms += waitMs;
    const body = bodyOf(next, state, log, ids(), at_ms);
    if (body === null) continue;
    const event = { sequence: log.length + 1, at_ms, body };
    apply(state, event);
    log.push(event);
  }
  return { state, log };
}

function bodyOf(
  next: Step,
  state: CardState,
  log: readonly LoggedEvent[],
  ids: ReturnType<ReturnType<typeof countingIds>>,
  at_ms: number,
): CardEventBody | null {
  const fresh = String(log.length + 1);
  switch (next.does) {
    case 'profile':
      return { kind: 'profile', event_id: ids.event_id, profile: next.profile };
    case 'ask':
      return receiveRequest(state, request({ ...next.asked, request_key: fresh }), ids, at_ms);
    case 'say':
      return receiveMessage(state, { ...next.message, message_key: fresh }, ids, at_ms);
    case 'void': {
      const answer = log[next.which]?.body;
      if (answer?.kind !== 'authorization' || state.voided.has(answer.request.request_key)) return null;
      return receiveVoid(state, answer.request.request_key, answer, ids, at_ms);
    }
  }
}

function counted(state: CardState, { control_id, window }: LimitControl): Record<string, number> {
  if (window.per === 'transaction') return {};
  const windows = [...(state.counts.get(control_id) ?? [])];
  return withoutZeros(Object.fromEntries(windows.map(([start, amount]) => [dateIn(window.time_zone, start), amount])));
}

function limitsOf(state: CardState): LimitControl[] {
  return state.profile?.controls.filter((control) => control.does === 'limit') ?? [];
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

function always(claim: (lived: Lived) => void): void {
  fc.assert(
    fc.property(lives, (steps) => claim(live(steps))),
    { numRuns: 200 },
  );
}

describe('whatever happens to a card', () => {
  test('the fold of its log is its state', () => {
    always(({ state, log }) => {
      const folded = newCardState();
      for (const event of log) apply(folded, structuredClone(event));
      expect(folded).toEqual(state);
    });
  });

  test('what is held is the sum of its holds, and both are what the log says', () => {
    always(({ state, log }) => {
      const lifes = reckon(log);
      expect(state.held_minor).toBe(sum([...state.authorizations.values()].map(holdMinor)));
      expect(state.held_minor).toBe(sum(lifes.map(({ held }) => held)));
      expect(state.posted_minor).toBe(sum(lifes.map((life) => life.cleared - life.refunded)));
    });
  });

  test('the effects in its log sum to what is held and what is posted', () => {
    always(({ state, log }) => {
      const effects = log.flatMap(({ body }) => (body.kind === 'profile' ? [] : [body.effect]));
      expect(sum(effects.map(({ hold_minor }) => hold_minor))).toBe(state.held_minor);
      expect(sum(effects.map(({ posted_minor }) => posted_minor))).toBe(state.posted_minor);
    });
  });

  test('every limit has counted what a count from scratch finds', () => {
    always(({ state, log }) => {
      const lifes = reckon(log);
      for (const control of limitsOf(state)) expect(counted(state, control)).toEqual(recount(lifes, control));
    });
  });

  test('counts built anew from the profile are the counts kept step by step', () => {
    always(({ state }) => {
      const kept = limitsOf(state).map((control) => counted(state, control));
      if (state.profile !== null) setProfile(state, state.profile);
      expect(limitsOf(state).map((control) => counted(state, control))).toEqual(kept);
    });
  });

  test('no approval passes a limit or the funds', () => {
    always(({ log }) => {
      const state = newCardState();
      for (const event of log) {
        apply(state, event);
        if (event.body.kind !== 'authorization' || event.body.decision.approved_minor === 0) continue;
        expect(event.body.decision.available_minor ?? 0).toBeGreaterThanOrEqual(0);
        for (const { verdict, remaining_minor = 0 } of event.body.decision.trace)
          if (verdict === 'pass') expect(event.body.decision.approved_minor).toBeLessThanOrEqual(remaining_minor);
      }
    });
  });
});

describe('folding one event', () => {
  test('a declined request is answered and changes no money', () => {
    const { state } = live([[{ does: 'ask', asked: { currency: 'EUR' } }, 0]]);
    expect(state.answered.size).toBe(1);
    expect(state.held_minor).toBe(0);
  });

  test('a message marked as an anomaly is known and moves nothing', () => {
    const { state } = live([[{ does: 'say', message: clearing({ currency: 'EUR' }) }, 0]]);
    expect(state.received.size).toBe(1);
    expect(state.posted_minor).toBe(0);
  });

  test('a new profile counts what was spent under the old one', () => {
    const control = limitPerDay(600);
    const { state } = live([
      [{ does: 'ask', asked: { amount_minor: 500 } }, 0],
      [{ does: 'profile', profile: profile({ controls: [control], funds_minor: 800 }) }, 0],
      [{ does: 'ask', asked: { authorization_key: 'a', amount_minor: 101 } }, 0],
    ]);
    expect(counted(state, control)).toEqual({ '2026-03-04': 500 });
    expect(availableMinor(state)).toBe(300);
  });

  test('money that a double cannot hold exactly stops the card', () => {
    const state = newCardState();
    state.posted_minor = Number.MAX_SAFE_INTEGER;
    const body = receiveMessage(state, clearing({ amount_minor: 1 }), countingIds()(), noonMs);
    expect(() => apply(state, { sequence: 1, at_ms: noonMs, body })).toThrow('exactly');
  });
});
