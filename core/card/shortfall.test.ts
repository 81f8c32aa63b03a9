// What a request lacks of funds, so that they can be asked for before it is decided.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { Control } from '../../contracts/control.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Profile } from '../../contracts/profile.ts';
import { judged } from '../testing/receiving.ts';
import { drawsPerTurn, profileOf, SampleCard, turnOf } from '../testing/sample-lives.ts';
import { advice, clearing, hourMs, limitPerDay, noonMs, profile, request } from '../testing/samples.ts';
import type { AuthorizeAnswer } from './card.ts';
import { newCardState } from './card-state.ts';

const tips = { control_id: 'tips', mode: 'enforce', applies_to: {}, does: 'adjust_hold', percent: 20 } as Control;
const asked = (amount_minor: number, changes: Partial<AuthorizationRequest> = {}) =>
  request({ request_key: 'next', authorization_key: 'next', amount_minor, ...changes });
const capable = { partial_approval_capable: true };

function shortOf(changes: Partial<Profile>, one: AuthorizationRequest): number {
  return new SampleCard(profile(changes)).card.shortfall(one, noonMs);
}

describe('what a request lacks of funds', () => {
  test.each<[what: string, card: Partial<Profile>, one: AuthorizationRequest, short: number]>([
    ['nothing, where there is enough', { funds_minor: 100 }, asked(100), 0],
    ['one minor unit', { funds_minor: 99 }, asked(100), 1],
    ['all of it', { funds_minor: 0 }, asked(100), 100],
    ['all of the least that can be asked for', { funds_minor: 0 }, asked(1), 1],
    ['nothing, where the network holds the money', { funds_minor: null }, asked(100), 0],
    ['nothing, where none is asked for', { funds_minor: 0 }, asked(0), 0],
    ['with what is held in addition', { funds_minor: 90, controls: [tips] }, asked(100), 30],
    ['nothing for what is held in addition alone', { funds_minor: 100, controls: [tips] }, asked(100), 0],
    ['no more in addition than limits leave', { funds_minor: 0, controls: [tips, limitPerDay(110)] }, asked(100), 110],
    ['nothing, where a limit refuses it', { funds_minor: 10, controls: [limitPerDay(99)] }, asked(100), 0],
    ['nothing, where the card is frozen', { funds_minor: 10, status: 'frozen' }, asked(100), 0],
    ['all, though a part could be approved', { funds_minor: 60, partial_approval: true }, asked(100, capable), 40],
    [
      'for the part that limits leave',
      { funds_minor: 60, partial_approval: true, controls: [limitPerDay(80)] },
      asked(100, capable),
      20,
    ],
    [
      'nothing, where limits leave less than there is',
      { funds_minor: 60, partial_approval: true, controls: [limitPerDay(50)] },
      asked(100, capable),
      0,
    ],
  ])('is %s', (_, card, one, short) => {
    expect(shortOf(card, one)).toBe(short);
  });

  test('is more than it asks for, on a card that is overdrawn', () => {
    const { card } = new SampleCard(profile({ funds_minor: 100 }));
    card.receive(clearing({ authorization_key: null, amount_minor: 150 }), noonMs);
    expect(card.shortfall(asked(30), noonMs)).toBe(80);
    expect(card.shortfall(asked(0), noonMs)).toBe(0);
  });

  test('is nothing on a card without a profile', () => {
    const short = { limits_room_minor: 0, funds_short_minor: 0, decision: { reason: 'card_unknown' } };
    expect(judged(newCardState(), asked(100), noonMs)).toMatchObject(short);
  });

  test('is nothing once it was answered: by the card, in its place, or by giving it up', () => {
    const { card } = new SampleCard(profile({ funds_minor: 10 }));
    card.authorize(asked(100, { request_key: 'declined' }), noonMs);
    card.receive(advice({ request_key: 'in place', decided_by: 'edge', hold_minor: 50 }), noonMs);
    card.void('given up', noonMs);
    for (const request_key of ['declined', 'in place', 'given up'])
      expect(card.shortfall(asked(100, { request_key }), noonMs)).toBe(0);
    expect(card.shortfall(asked(100), noonMs)).toBe(140);
  });

  test('is asked for by a request that our edge answered with 0, since the card decides that one itself', () => {
    const { card } = new SampleCard(profile({ funds_minor: 10 }));
    card.receive(advice({ request_key: 'next', decided_by: 'edge', hold_minor: 0 }), noonMs);
    expect(card.shortfall(asked(100), noonMs)).toBe(90);
  });

  test('tells what limits leave apart from it', () => {
    const { card } = new SampleCard(profile({ funds_minor: 10, controls: [limitPerDay(300)] }));
    expect(judged(card.state, asked(100), noonMs)).toMatchObject({ limits_room_minor: 300, funds_short_minor: 90 });
    card.receive(clearing({ amount_minor: 50 }), noonMs);
    expect(judged(card.state, asked(100), noonMs)).toMatchObject({ limits_room_minor: 250, funds_short_minor: 140 });
  });
});

describe('whatever happened to a card', () => {
  const draws = fc.array(fc.nat(999), { minLength: drawsPerTurn, maxLength: drawsPerTurn });
  const turns = fc.array(draws, { minLength: 1, maxLength: 30, size: 'max' });

  function decisionIn(answer: AuthorizeAnswer): Decision {
    if (answer.outcome !== 'decided') throw new Error('it was asked for once');
    return answer.decision;
  }

  /** What the same card answers with other funds. */
  function withFunds({ card, clockMs }: SampleCard, funds_minor: number | null, one: AuthorizationRequest): Decision {
    const inForce = card.state.profile;
    if (inForce === null) throw new Error('a sample card has a profile');
    card.putProfile({ ...inForce, version: inForce.version + 1, funds_minor }, clockMs);
    return decisionIn(card.authorize(one, clockMs));
  }

  /** Lived through the same turns; a tip is held in addition where the last number says so. */
  function livedBy(drawn: readonly number[][]): SampleCard {
    const sample = new SampleCard(profileOf(drawn[0] ?? [], 1));
    for (const [index, numbers] of drawn.entries()) sample.take(turnOf(numbers, index));
    const inForce = sample.card.state.profile ?? profile();
    const more = (drawn[0]?.[drawsPerTurn - 1] ?? 0) % 2 === 0 ? [tips] : [];
    const next = { ...inForce, version: inForce.version + 1, controls: [...inForce.controls, ...more] };
    sample.card.putProfile(next, sample.clockMs);
    return sample;
  }

  const cases = fc.tuple(turns, fc.nat(1_200), fc.boolean(), fc.integer({ min: -1, max: 7 }));
  type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

  /** A request of its own, or one that adds to what the last turns named. */
  function requestOf([drawn, amount_minor, takesPart, near]: Case): AuthorizationRequest {
    const era = Math.floor((drawn.length - 1) / 8);
    const names = near < 0 ? {} : { authorization_key: `${'abc'[near % 3]}${era}` };
    return asked(amount_minor, { partial_approval_capable: takesPart, ...names });
  }

  test('a request lacks funds where funds alone keep it from being approved, or from more; with exactly them it is approved', () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const [one, sample] = [requestOf(drawn), livedBy(drawn[0])];
        const before = structuredClone({ ...sample.card.state, counters: null, controls: null });
        const short = sample.card.shortfall(one, sample.clockMs);
        expect({ ...sample.card.state, counters: null, controls: null }).toEqual(before);

        const own = decisionIn(sample.card.authorize(one, sample.clockMs));
        const most = withFunds(livedBy(drawn[0]), null, one);
        if (short === 0) {
          expect(own.reason).not.toBe('insufficient_funds');
          expect([own.outcome, own.reason, own.approved_minor]).toEqual([
            most.outcome,
            most.reason,
            most.approved_minor,
          ]);
          return;
        }
        expect(most.outcome).toBe('approved');
        expect(own.approved_minor).toBeLessThan(most.approved_minor);
        // Where limits leave a part alone, they are the earlier reason.
        if (own.outcome === 'declined' && most.approved_minor === one.amount_minor)
          expect(own.reason).toBe('insufficient_funds');
        const funds = livedBy(drawn[0]).card.state.profile?.funds_minor ?? 0;
        const { outcome, approved_minor, hold_minor } = withFunds(livedBy(drawn[0]), funds + short, one);
        expect({ outcome, approved_minor, hold_minor }).toEqual({
          ...{ outcome: 'approved', approved_minor: most.approved_minor, hold_minor: most.hold_minor },
        });
        // With one minor unit less not all is held that could be; at most as much where earlier messages have taken it all.
        const less = withFunds(livedBy(drawn[0]), funds + short - 1, one);
        expect(less.hold_minor).toBeLessThan(Math.max(1, most.hold_minor));
      }),
      { numRuns: 400 },
    );
  });

  test('of the cases of that claim some lack funds and some do not', () => {
    const all = fc.sample(cases, { seed: 1, numRuns: 100 });
    const short = all.filter((drawn) => livedBy(drawn[0]).card.shortfall(requestOf(drawn), noonMs) > 0);
    expect(short.length).toBeGreaterThan(0);
    expect(short.length).toBeLessThan(all.length);
  });

  test('and an hour later it may lack less', () => {
    const { card } = new SampleCard(profile({ funds_minor: 100, hold_days: 1 }));
    card.authorize(request({ amount_minor: 100 }), noonMs);
    expect(card.shortfall(asked(50), noonMs)).toBe(50);
    card.expire(noonMs + 25 * hourMs);
    expect(card.shortfall(asked(50), noonMs + 25 * hourMs)).toBe(0);
  });
});
