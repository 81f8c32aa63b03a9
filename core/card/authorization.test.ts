// The life of an authorization: the domain's table line by line, and any order of a life's messages ending in the same money.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../testing/sample-lives.ts';
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
} from '../testing/samples.ts';
import { effectBetween, newAuthorization } from './authorization.ts';
import type { CardState } from './card-state.ts';
import { counterKey } from './counter.ts';
import { availableMinor } from './funds.ts';

const fundsMinor = 10_000;
const perDay = limitPerDay(100_000);
const perDayGivingBack = limitPerDay(100_000, { control_id: 'giving-back', refunds_give_back: true });

/** A request, its void, the card's own expiry, or a message of the network. */
type Step = { asks: Partial<AuthorizationRequest> } | { voids: string } | { expires: true } | CardMessage;

function livedBy(steps: readonly Step[]): CardState {
  const sample = new SampleCard(
    profile({ funds_minor: fundsMinor, partial_approval: true, controls: [perDay, perDayGivingBack] }),
  );
  for (const [index, step] of steps.entries()) {
    sample.clockMs += 1_000;
    if ('asks' in step) sample.card.authorize(request({ request_key: `r${index}`, ...step.asks }), sample.clockMs);
    else if ('voids' in step) sample.card.void(step.voids, sample.clockMs);
    else if ('expires' in step) sample.card.expire(sample.clockMs + limits.holdDays * 24 * hourMs);
    else sample.card.receive({ ...step, message_key: `m${index}` }, sample.clockMs);
  }
  return sample.card.state;
}

function countedIn(state: CardState, control = perDay) {
  const counted = state.counters.get(counterKey(control))?.countedFor(null, noonMs, noonMs);
  return { amount: counted?.amount_minor, uses: counted?.count };
}

const asks = (amount_minor: number, changes: Partial<AuthorizationRequest> = {}): Step => ({
  asks: { amount_minor, ...changes },
});
const asked = asks(500);
const partly = asks(500, { authorization_key: 'other', partial_approval_capable: true });
const increment = asks(200, { kind: 'incremental' });
const part = (amount_minor: number) => clearing({ amount_minor, final: false });
const last = (amount_minor: number) => clearing({ amount_minor, final: true });
const forced = (amount_minor: number) => clearing({ authorization_key: null, amount_minor });
const stoodIn = (hold_minor: number) => advice({ hold_minor });
const takesBack = (amount_minor: number) => reversal({ amount_minor });
const expires: Step = { expires: true };

type Row = [says: string, steps: readonly Step[], hold: number, counted: number, uses: number, funds: number];

describe('the table of a life', () => {
  test.each<Row>([
    ['nothing', [], 0, 0, 0, 0],
    ['request approved', [asked], 500, 500, 1, -500],
    ['request approved for a part', [asks(9_800), partly], 10_000, 10_000, 2, -10_000],
    ['request declined', [asks(10_001)], 0, 0, 0, 0],
    ['verification of the account', [asks(0, { kind: 'account_verification' })], 0, 0, 0, 0],
    ['inquiry of the balance', [asks(0, { kind: 'balance_inquiry' })], 0, 0, 0, 0],
    ['incremental', [asked, increment], 700, 700, 1, -700],
    ['incremental that is declined', [asked, asks(9_501, { kind: 'incremental' })], 500, 500, 1, -500],
    ['advice above the hold', [asked, stoodIn(800)], 800, 800, 1, -800],
    ['advice below the hold', [asked, stoodIn(300)], 300, 300, 1, -300],
    ['advice of nothing', [asked, stoodIn(0)], 0, 0, 1, 0],
    ['stand-in of what was never asked', [stoodIn(400)], 400, 400, 1, -400],
    ['stand-in above the funds', [stoodIn(12_000)], 12_000, 12_000, 1, -12_000],
    ['advice, then an increment', [asked, stoodIn(300), increment], 500, 500, 1, -500],
    ['advice after a clearing of a part', [asked, part(200), stoodIn(100)], 100, 300, 1, -300],
    ['reversal of a part', [asked, takesBack(200)], 300, 300, 1, -300],
    ['reversal of all', [asked, reversal()], 0, 0, 1, 0],
    ['reversal of all after a clearing of a part', [asked, part(200), reversal()], 0, 200, 1, -200],
    ['reversal of more than the hold', [asked, takesBack(900)], 0, 0, 1, 0],
    ['reversal of what is unknown', [reversal()], 0, 0, 0, 0],
    ['reversal of a part before its authorization', [takesBack(200), asked], 300, 300, 1, -300],
    ['reversal of all before its authorization', [reversal(), asked], 0, 0, 1, 0],
    ["the network's expiry", [asked, expiry()], 0, 0, 1, 0],
    ["the network's expiry after a clearing of a part", [asked, part(200), expiry()], 0, 200, 1, -200],
    ['our expiry', [asked, expires], 0, 0, 1, 0],
    ['our expiry after a clearing of a part', [asked, part(200), expires], 0, 200, 1, -200],
    ['our expiry of what is cleared', [asked, last(500), expires], 0, 500, 1, -500],
    ['clearing, part of several', [asked, part(200)], 300, 500, 1, -500],
    ['clearings up to the hold', [asked, part(200), part(300)], 0, 500, 1, -500],
    ['clearing, part of several, above the hold', [asked, part(600)], 0, 600, 1, -600],
    ['clearing of nothing', [asked, part(0)], 500, 500, 1, -500],
    ['clearing, final, of all', [asked, last(500)], 0, 500, 1, -500],
    ['clearing, final, below the hold', [asked, last(400)], 0, 400, 1, -400],
    ['clearing, final, above the hold', [asked, last(600)], 0, 600, 1, -600],
    ['clearing, final, of nothing', [asked, last(0)], 0, 0, 1, 0],
    ['clearing, final, after others', [asked, part(100), last(200)], 0, 300, 1, -300],
    ['clearing before its authorization', [last(500), asked], 0, 500, 1, -500],
    ['clearing of a part before its authorization', [part(200), asked], 300, 500, 1, -500],
    ['clearing of what was declined', [asks(10_001), last(300)], 0, 300, 1, -300],
    ['clearing without authorization', [forced(500)], 0, 500, 1, -500],
    ['clearing without authorization, above the funds', [forced(12_000)], 0, 12_000, 1, -12_000],
    ['two clearings without authorization', [forced(500), forced(300)], 0, 800, 2, -800],
    ['clearing after our expiry', [asked, expires, last(500)], 0, 500, 1, -500],
    ["clearing after the network's expiry", [asked, expiry(), part(300)], 0, 300, 1, -300],
    ['clearing after a reversal', [asked, reversal(), last(500)], 0, 500, 1, -500],
    ['approval after the final clearing of another', [asked, last(400), increment], 200, 600, 1, -600],
    ['approval after a reversal of all', [asked, reversal(), increment], 200, 200, 1, -200],
    ['refund, linked', [asked, last(500), refund({ amount_minor: 500 })], 0, 500, 1, 0],
    ['refund of a part, linked', [asked, last(500), refund({ amount_minor: 100 })], 0, 500, 1, -400],
    ['refund before its clearing', [asked, refund({ amount_minor: 100 }), last(500)], 0, 500, 1, -400],
    ['refund, not linked', [refund({ authorization_key: null, amount_minor: 100 })], 0, 0, 0, 100],
    ['void', [asked, { voids: 'r0' }], 0, 0, 0, 0],
    ['void of an increment', [asked, increment, { voids: 'r1' }], 500, 500, 1, -500],
    ['void after a clearing', [asked, part(200), { voids: 'r0' }], 0, 200, 1, -200],
    ['void before its request', [{ voids: 'r1' }, asked], 0, 0, 0, 0],
    ['void, and the purchase once more', [asked, { voids: 'r0' }, asked], 500, 500, 1, -500],
    ['another currency', [asked, clearing({ currency: 'EUR' })], 500, 500, 1, -500],
  ])('%s', (_, steps, hold, counted, uses, funds) => {
    const state = livedBy(steps);
    expect({ hold: state.held_minor, ...countedIn(state), used: state.uses }).toEqual({
      hold,
      amount: counted,
      uses,
      used: uses,
    });
    expect(availableMinor(state)).toBe(fundsMinor + funds);
  });

  test('a refund gives back to its window where the control says so', () => {
    const state = livedBy([asked, last(500), refund({ amount_minor: 200 })]);
    expect(countedIn(state)).toEqual({ amount: 500, uses: 1 });
    expect(countedIn(state, perDayGivingBack)).toEqual({ amount: 300, uses: 1 });
  });
});

describe('the instant of a message', () => {
  test('is the one that the network gives: an older word changes nothing that a newer one has set', () => {
    const newer = advice({ hold_minor: 800, occurred_at_ms: noonMs - 1_000 });
    const older = advice({ hold_minor: 300, occurred_at_ms: noonMs - 2_000 });
    const asked_ms = { occurred_at_ms: noonMs - 3_000 };
    expect(livedBy([asks(500, asked_ms), newer, older]).held_minor).toBe(800);
    expect(livedBy([asks(500, asked_ms), older, newer]).held_minor).toBe(800);
  });

  test('of one that is ahead of our clock is now, so that what follows still counts', () => {
    const ahead = advice({ hold_minor: 800, occurred_at_ms: noonMs + 24 * hourMs });
    expect(livedBy([asked, ahead, takesBack(300)]).held_minor).toBe(500);
  });

  test('of a request that gives none is before all that was told of it', () => {
    const cleared = clearing({ amount_minor: 500, occurred_at_ms: noonMs - 10_000 });
    expect(livedBy([cleared, asked]).held_minor).toBe(0);
    const inPart = clearing({ amount_minor: 200, final: false, occurred_at_ms: noonMs - 10_000 });
    expect(livedBy([inPart, asked]).held_minor).toBe(300);
  });
});

describe('where the card was used', () => {
  const elsewhere = merchant('5812');
  const whereAfter = (steps: readonly Step[]) => livedBy(steps).authorizations.get('authorization-1')?.subject;

  test('is said by the request, and by a clearing only where no request has', () => {
    expect(whereAfter([asked])?.merchant).toEqual(merchant('5411'));
    expect(whereAfter([part(1)])).toBeNull();
    expect(whereAfter([clearing({ merchant: elsewhere })])?.merchant).toEqual(elsewhere);
    expect(whereAfter([clearing({ merchant: elsewhere }), asked])?.merchant).toEqual(merchant('5411'));
    expect(whereAfter([asked, clearing({ merchant: elsewhere })])?.merchant).toEqual(merchant('5411'));
  });

  test('is not said again by an increment, or what was counted would leave its limit', () => {
    const silent = asks(200, { kind: 'incremental', merchant: merchant(null), channel: 'other' });
    expect(whereAfter([asked, silent])).toMatchObject({ merchant: merchant('5411'), channel: 'pos' });
    const inquiry = asks(0, { kind: 'balance_inquiry', merchant: elsewhere });
    expect(whereAfter([asked, inquiry])?.merchant).toEqual(merchant('5411'));
  });
});

const newborn = newAuthorization(countingIds()().authorization_id, noonMs, 'USD');

test('an effect is the difference of hold and of posted', () => {
  const life = newborn;
  const cleared = { ...life, hold_minor: 100, cleared_minor: 400, refunded_minor: 50 };
  expect(effectBetween(life, cleared)).toEqual({ hold_minor: 100, posted_minor: 350 });
  expect(effectBetween(cleared, life)).toEqual({ hold_minor: -100, posted_minor: -350 });
});

// One authorization as the network tells it: messages with their stamps, some of the same instant and some numbered, by three
// names that two of the messages tie together; and the request that began it, anywhere among them.
const amounts = fc.integer({ min: 0, max: 1_000 });
const said = fc.oneof(
  fc
    .tuple(amounts, fc.boolean())
    .map(([amount_minor, final]) => clearing({ amount_minor, final, merchant: merchant('5812') })),
  fc.option(amounts).map((amount_minor) => reversal({ amount_minor })),
  amounts.map((hold_minor) => advice({ hold_minor })),
  amounts.map((amount_minor) => refund({ amount_minor })),
  fc.constant(expiry()),
);
const stamped = fc
  .record({
    authorization_key: fc.constantFrom('a', 'b', 'c'),
    occurred_at_ms: fc.integer({ min: noonMs - 9, max: noonMs }),
    order: fc.option(fc.nat(5), { nil: undefined, freq: 1 }),
    says: said,
  })
  .map(({ says, ...stamps }): CardMessage => ({ ...says, ...stamps }));
const ties: readonly CardMessage[] = [
  refund({ authorization_key: 'a', alias_key: 'b', occurred_at_ms: noonMs - 5, amount_minor: 1 }),
  reversal({ authorization_key: 'c', alias_key: 'a', occurred_at_ms: noonMs - 4, amount_minor: 1 }),
];
const messagesInTwoOrders = fc
  .array(stamped, { maxLength: 8 })
  .map((messages) => [...messages, ...ties].map((message, index) => ({ ...message, message_key: `${index}` })))
  .chain((messages) => fc.tuple(fc.constant(messages), fc.shuffledSubarray(messages, { minLength: messages.length })));

function heard(messages: readonly CardMessage[], requestAt: number, approved: number): CardState {
  const tip = { control_id: 'tip', mode: 'enforce', applies_to: {}, does: 'adjust_hold', percent: 20 } as const;
  const sample = new SampleCard(profile({ controls: [perDayGivingBack, tip] }));
  const ask = () =>
    sample.card.authorize(request({ authorization_key: 'a', amount_minor: approved, occurred_at_ms: noonMs }), noonMs);
  for (const [index, message] of messages.entries()) {
    if (index === requestAt) ask();
    sample.card.receive(message, noonMs + index);
  }
  if (requestAt >= messages.length) ask();
  return sample.card.state;
}

test('every order of its messages, some twice, ends in the same hold, sums and counts, under any of its names', () => {
  fc.assert(
    fc.property(
      messagesInTwoOrders,
      fc.nat(12),
      fc.nat(12),
      fc.integer({ min: 1, max: 1_000 }),
      ([messages, others], requestAt, otherRequestAt, approved) => {
        const one = heard(messages, requestAt, approved);
        const other = heard([...others, ...others.slice(0, 3)], otherRequestAt, approved);
        const [first, ...none] = one.authorizations.values();
        const [second, ...noneOfOther] = other.authorizations.values();
        expect([none, noneOfOther]).toEqual([[], []]);
        const { hold_minor, network_minor, changes, cleared_minor, refunded_minor } = first ?? newborn;
        expect(second).toMatchObject({ hold_minor, network_minor, cleared_minor, refunded_minor });
        // Only when each was heard differs.
        const unheard = (heardThere: typeof changes) =>
          heardThere.map((change) => ({ ...change, heard: 0, heard_ms: 0 }));
        expect(unheard(second?.changes ?? [])).toEqual(unheard(changes));
        expect(other).toMatchObject({ held_minor: one.held_minor, posted_minor: one.posted_minor, uses: one.uses });
        expect(countedIn(other, perDayGivingBack)).toEqual(countedIn(one, perDayGivingBack));
      },
    ),
    { numRuns: 1_000 },
  );
});
