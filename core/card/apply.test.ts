// A card lived through at random, and what must hold whatever happened to it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { told } from '../testing/receiving.ts';
import { drawsPerTurn, profileOf, SampleCard, turnOf } from '../testing/sample-lives.ts';
import {
  advice,
  clearing,
  countingIds,
  hearing,
  hourMs,
  limitPerDay,
  merchant,
  noonMs,
  profile,
  refund,
  request,
} from '../testing/samples.ts';
import { apply } from './apply.ts';
import { isUse, postedMinor } from './authorization.ts';
import { newCardState } from './card-state.ts';
import { availableMinor } from './funds.ts';
import { holdOf, inOrder } from './hold-changes.ts';
import type { LoggedEvent } from './logged-event.ts';

const draws = fc.array(fc.nat(999), { minLength: drawsPerTurn, maxLength: drawsPerTurn });

function lived(turns: readonly number[][]): SampleCard {
  const sample = new SampleCard(profileOf(turns[0] ?? [], 1));
  for (const [index, drawn] of turns.entries()) sample.take(turnOf(drawn, index));
  return sample;
}

function always(claim: (sample: SampleCard) => void): void {
  fc.assert(
    fc.property(fc.array(draws, { maxLength: 60, size: 'max' }), (turns) => claim(lived(turns))),
    { numRuns: 200 },
  );
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

describe('whatever happens to a card', () => {
  test('its sums are those of its authorizations', () => {
    always(({ card: { state } }) => {
      const authorizations = [...state.authorizations.values()];
      expect(state.held_minor).toBe(sum(authorizations.map(({ hold_minor }) => hold_minor)));
      expect(state.posted_minor).toBe(sum(authorizations.map(postedMinor)));
      expect(state.uses).toBe(authorizations.filter(isUse).length);
    });
  });

  test('what counts of an authorization is what it holds and has cleared', () => {
    always(({ card: { state } }) => {
      for (const { portions, hold_minor, cleared_minor, changes } of state.authorizations.values()) {
        expect(sum(portions.map((portion) => portion.held_minor))).toBe(hold_minor);
        expect(sum(portions.map((portion) => portion.cleared_minor))).toBe(cleared_minor);
        expect(holdOf(inOrder(changes)).hold_minor).toBe(hold_minor);
      }
    });
  });

  test('what the card approves is held, but for what had been heard before it began', () => {
    always(({ log }) => {
      for (const { body } of log) {
        if (body.kind !== 'authorization' || body.approval === undefined) continue;
        const { decision, effect, approval, joined } = body;
        if (joined === undefined) expect(effect.hold_minor).toBe(decision.hold_minor);
        if (approval.nth !== -1) expect(decision.hold_minor).toBe(approval.adds_minor);
      }
    });
  });

  test('the effects in its log sum to what is held and what is posted', () => {
    always(({ card: { state }, log }) => {
      const effects = log.flatMap(({ body }) => (body.kind === 'profile' ? [] : [body.effect]));
      const joined = log.flatMap(({ body }) => ('joined' in body && body.joined !== undefined ? [body.joined] : []));
      const released = sum(joined.map(({ released_minor }) => released_minor));
      expect(sum(effects.map(({ hold_minor }) => hold_minor)) - released).toBe(state.held_minor);
      expect(sum(effects.map(({ posted_minor }) => posted_minor))).toBe(state.posted_minor);
    });
  });

  test('the effects of one authorization sum to its own hold: of a joined one to nothing', () => {
    always(({ card: { state }, log }) => {
      const holds = new Map<string, number>();
      const change = (id: string, minor: number) => holds.set(id, (holds.get(id) ?? 0) + minor);
      for (const { body } of log) {
        if (body.kind === 'profile' || body.authorization_id === null) continue;
        change(body.authorization_id, body.effect.hold_minor);
        if ('joined' in body && body.joined !== undefined)
          change(body.joined.authorization_id, -body.joined.released_minor);
      }
      for (const life of state.authorizations.values()) {
        expect(holds.get(life.authorization_id)).toBe(life.hold_minor);
        holds.delete(life.authorization_id);
      }
      for (const left of holds.values()) expect(left).toBe(0);
    });
  });

  test('the fold of its log is its state', () => {
    always(({ card: { state }, log }) => {
      const folded = newCardState();
      for (const event of log) apply(folded, structuredClone(event));
      const { next_expiry_ms: _folded, controls: _controls, counters: _counters, ...rest } = folded;
      expect(state).toMatchObject(rest);
    });
  });

  test('no approval passes an enforced limit or the funds', () => {
    always(({ log }) => {
      for (const { body } of log) {
        if (body.kind !== 'authorization' || body.decision.hold_minor === 0) continue;
        const { hold_minor, available_minor, trace } = body.decision;
        expect(available_minor ?? 0).toBeGreaterThanOrEqual(0);
        for (const { remaining_minor = hold_minor } of trace) expect(hold_minor).toBeLessThanOrEqual(remaining_minor);
      }
    });
  });

  test('no hold outlives the next expiry that the card knows of', () => {
    always(({ card: { state } }) => {
      for (const { hold_minor, expires_at_ms } of state.authorizations.values())
        if (hold_minor > 0) expect(state.next_expiry_ms).toBeLessThanOrEqual(expires_at_ms);
    });
  });
});

describe('two names of one purchase', () => {
  const forced = clearing({ message_key: 'm1', authorization_key: 'a2', amount_minor: 300, final: false });
  const ask = request({ amount_minor: 500 });

  test('are one life from the message on that says so, with the sums of both', () => {
    const { card, log } = new SampleCard(profile({ controls: [limitPerDay(1_000)], funds_minor: 1_000 }));
    card.authorize(ask, noonMs);
    card.receive(forced, noonMs + 1);
    const apart = [...card.state.authorizations.values()].map((life) => life.authorization_id);
    expect(card.state).toMatchObject({ held_minor: 500, posted_minor: 300, uses: 2 });
    card.receive(refund({ message_key: 'm2', alias_key: 'a2', amount_minor: 10 }), noonMs + 2);
    expect(card.state).toMatchObject({ held_minor: 200, posted_minor: 290, uses: 1 });
    expect(availableMinor(card.state)).toBe(510);
    expect(log.at(-1)?.body).toMatchObject({
      authorization_id: apart[0],
      joined: { authorization_id: apart[1], released_minor: 0 },
      effect: { hold_minor: -300, posted_minor: -10 },
    });
  });

  test('are found by each of them afterwards, and by what named them before', () => {
    const { card } = new SampleCard(profile());
    card.authorize({ ...ask, alias_key: 'first' }, noonMs);
    card.receive({ ...forced, alias_key: 'second' }, noonMs);
    card.receive(refund({ message_key: 'm2', authorization_key: 'a2', alias_key: 'first', amount_minor: 0 }), noonMs);
    for (const [index, authorization_key] of ['first', 'second', 'a2', 'authorization-1'].entries())
      card.receive(clearing({ message_key: `n${index}`, authorization_key, amount_minor: 1, final: false }), noonMs);
    expect(card.state.authorizations.size).toBe(1);
    expect([...card.state.authorizations.values()]).toMatchObject([{ cleared_minor: 304, hold_minor: 196 }]);
  });

  test('a new name of a known purchase joins nothing: there was one life all along', () => {
    const { card, log } = new SampleCard(profile());
    card.authorize(ask, noonMs);
    card.receive(clearing({ authorization_key: 'new', alias_key: 'authorization-1' }), noonMs);
    expect(card.state.authorizations.size).toBe(1);
    expect(log.at(-1)?.body).not.toHaveProperty('joined');
    expect(card.state).toMatchObject({ held_minor: 0, posted_minor: 500 });
  });

  test('the hold of what went in is no new spending: nothing is overdrawn, nothing against the rules', () => {
    const { card, log } = new SampleCard(profile({ funds_minor: 1_000, controls: [limitPerDay(1_000)] }));
    card.authorize(request({ amount_minor: 900, authorization_key: 'a2' }), noonMs);
    card.authorize(request({ request_key: 'r2', amount_minor: 50 }), noonMs + 1);
    card.receive(advice({ alias_key: 'a2', hold_minor: 950 }), noonMs + 2);
    const { body } = log.at(-1) as LoggedEvent;
    expect(body).toMatchObject({ effect: { hold_minor: 900 }, joined: { released_minor: 900 } });
    expect(body).not.toHaveProperty('overdrawn');
    expect(body).not.toHaveProperty('against');
    expect(card.state.held_minor).toBe(950);
  });
});

describe('folding one event', () => {
  test('a declined request is answered and changes no money', () => {
    const { card } = new SampleCard(profile());
    card.authorize(request({ currency: 'EUR' }), noonMs);
    expect(card.state.answers.byCard.size).toBe(1);
    expect(card.state.held_minor).toBe(0);
  });

  test('a message marked as an anomaly is known and moves nothing, and ties no names together', () => {
    const { card } = new SampleCard(profile());
    card.receive(clearing({ currency: 'EUR', alias_key: 'other' }), noonMs);
    expect(card.state.received.size).toBe(1);
    expect(card.state).toMatchObject({ posted_minor: 0, aliases: new Map(), authorizations: new Map() });
  });

  test('a new profile counts what was spent under the old one', () => {
    const { card } = new SampleCard(profile());
    card.authorize(request({ amount_minor: 500 }), noonMs);
    card.putProfile(
      profile({ version: 2, controls: [limitPerDay(600, { applies_to: { category: { any_of: ['5411'] } } })] }),
      noonMs,
    );
    const asked = request({ request_key: 'r2', authorization_key: 'a2', amount_minor: 101 });
    expect(card.authorize(asked, noonMs + hourMs)).toMatchObject({ decision: { reason: 'exceeds_amount_in_window' } });
    const elsewhere = { ...asked, request_key: 'r3', merchant: merchant('5812') };
    expect(card.authorize(elsewhere, noonMs + hourMs)).toMatchObject({ decision: { reason: null } });
  });

  test('money that a double cannot hold exactly stops the card', () => {
    const state = newCardState();
    Object.assign(state, { currency: 'USD', posted_minor: Number.MAX_SAFE_INTEGER });
    const body = told(state, clearing({ amount_minor: 1 }), countingIds()(), hearing());
    expect(() => apply(state, { sequence: 1, at_ms: noonMs, body })).toThrow('exactly');
  });
});
