// The simulator on the real card finds nothing; on each broken one it names the law; one seed is one run.

import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { authorizationRequestSchema } from '../../contracts/authorization-request.ts';
import { cardMessageSchema } from '../../contracts/card-message.ts';
import { profileSchema } from '../../contracts/profile.ts';
import { Card } from '../../core/card/card.ts';
import { brokenCards, ForgetsWhenItBegan, HearsByItsClock, TakesItsPlaceLate } from './broken-cards.ts';
import { brokenOnTheWire } from './broken-on-the-wire.ts';
import { brokenOutboxes } from './broken-outboxes.ts';
import { Draw } from './draw.ts';
import type { Law } from './laws.ts';
import { holdOrder } from './order-law.ts';
import type { Purchase } from './purchase.ts';
import type { HasEvent } from './set-back.ts';
import { type MakeCard, realCard } from './simulated-card.ts';
import { figures, simulate } from './simulation.ts';
import { simulateOn } from './threads.ts';

const short = { seed: 20_261_121, decisions: 20_000, cards: 400 };

describe('the real card', () => {
  const randomSeed = randomInt(1, 2 ** 31);

  test.for([short.seed, randomSeed])('keeps every law, seed %i', async (seed) => {
    const { violations, tally } = await simulate({ ...short, seed });
    expect(violations).toEqual([]);
    expect(tally.decisions).toBe(short.decisions);
  });

  test('threads change how long a run takes, and nothing else', async () => {
    const options = { seed: 11, decisions: 4_000, cards: 80 };
    const [one, three] = await Promise.all([simulateOn(1, options), simulateOn(3, options)]);
    const compared = ({ seconds, cpuSeconds, threads, ...report }: typeof one) =>
      figures(options, { ...report, seconds: 1, cpuSeconds: 1, threads: 1 });
    expect(compared(three)).toEqual({ ...compared(one), card_days: expect.any(Number) });
    expect(three.threads).toBe(3);
  });

  test('one seed is one run: the digest is the same twice, and another with another seed', async () => {
    const digestOf = async (seed: number) =>
      figures(short, await simulate({ seed, decisions: 2_000, cards: 40 })).digest;
    expect(await digestOf(7)).toBe(await digestOf(7));
    expect(await digestOf(7)).not.toBe(await digestOf(8));
  });

  test('one card of a run does the same alone', async () => {
    const { violations } = await simulate({ ...short, makeCard: cardOf(brokenCards.LosesAHoldOnReload) });
    const [first] = violations;
    const alone = await simulate({ ...short, onlyCard: first?.card, makeCard: cardOf(brokenCards.LosesAHoldOnReload) });
    expect(alone.violations).toEqual([first]);
  });

  test('meets every reason, control, window and turn of a life in a longer run', async () => {
    const { tally, violations } = await simulate({ seed: short.seed, decisions: 40_000, cards: 800 });
    expect(violations).toEqual([]);
    expect(tally.missing()).toEqual([]);
  });

  test('is asked and told only what the contracts allow', async () => {
    class Reads extends Card {
      override authorize(...args: Parameters<Card['authorize']>) {
        expect(authorizationRequestSchema.parse(args[0])).toEqual(args[0]);
        return super.authorize(...args);
      }
      override receive(...args: Parameters<Card['receive']>) {
        expect(cardMessageSchema.parse(args[0])).toEqual(args[0]);
        return super.receive(...args);
      }
      override putProfile(...args: Parameters<Card['putProfile']>) {
        expect(profileSchema.parse(args[0])).toEqual(args[0]);
        return super.putProfile(...args);
      }
    }
    const { violations } = await simulate({ seed: 3, decisions: 2_000, cards: 40, makeCard: cardOf(Reads) });
    expect(violations).toEqual([]);
  });
});

describe('a broken card is caught by name', () => {
  /** The law that says what is wrong with it; others may be broken by the same. */
  const laws: Record<keyof typeof brokenCards, Law> = {
    ForgetsCountersOnReload: 'decision_equals_model',
    LosesAHoldOnReload: 'crash_changes_nothing',
    AnswersRepeatsAnew: 'repeat_answered_alike',
    CountsMessagesTwice: 'message_equals_model',
    TakesMessagesByTheirArrival: 'money_equals_model',
    GivesRefundsBack: 'decision_equals_model',
    OverlooksLimits: 'limit_never_exceeded',
    TakesOlderProfiles: 'profile_never_older',
    NeverLetsHoldsLapse: 'money_equals_model',
    StampsRequestsItself: 'money_equals_model',
    TakesOddNamesForUnknown: 'decision_equals_model',
    BelievesStampsOfTheFuture: 'decision_equals_model',
    SpendsEveryRefund: 'decision_equals_model',
    ForgetsWhatItWithholds: 'money_equals_model',
    MatchesNoLateClearing: 'money_equals_model',
    AsksForNoTips: 'shortfall_equals_model',
  };

  test.for(Object.entries(brokenCards))('%s', async ([name, card]) => {
    const { violations } = await simulate({
      ...short,
      decisions: 8_000,
      cards: 160,
      keepGoing: true,
      makeCard: cardOf(card),
    });
    expect(violations.map(({ law }) => law)).toContain(laws[name as keyof typeof brokenCards]);
  });
});

describe('a card that was set back and goes on is caught by name', () => {
  test.each<[name: string, broken: HasEvent]>([
    ['SkipsTheFence', () => true],
    ['ComparesNumbersAlone', (_, last, { sequence }) => sequence <= last],
  ])('%s', async (_, broken) => {
    const few = { ...short, decisions: 8_000, cards: 160, keepGoing: true };
    const { violations } = await simulate({ ...few, hasEvent: broken });
    expect(violations.map(({ law }) => law)).toContain('set_back_changes_nothing');
  });
});

describe('by the wire alone, a broken card is caught by name', () => {
  const laws: Record<keyof typeof brokenOnTheWire, Law> = {
    PutsApprovalsBeforeWhatItHeard: 'approved_is_held',
    SpendsWhatIsHeld: 'funds_never_overspent',
    CountsAnApprovalWhenFirstNamed: 'limit_kept_on_the_wire',
    HoldsWhatWasCleared: 'told_as_booked',
    TellsMoreThanItBooks: 'told_as_booked',
    LosesTheHoldOfWhatIsJoined: 'approved_is_held',
    CutsNamesThroughACharacter: 'text_is_fit',
    StaysAheadWithItsClock: 'told_as_booked',
  };

  test.for(Object.entries(brokenOnTheWire))('%s', async ([name, card]) => {
    const few = { seed: 8, decisions: 5_000, cards: 100, keepGoing: true, laws: 'wire' } as const;
    const { violations } = await simulate({ ...few, makeCard: cardOf(card) });
    expect(violations.map(({ law }) => law)).toContain(laws[name as keyof typeof brokenOnTheWire]);
  });
});

describe('E5: a broken outbox is caught', () => {
  test.for(Object.entries(brokenOutboxes))('%s', async ([, outbox]) => {
    const few = { seed: 5, decisions: 1_000, cards: 20, burstShare: 0.2, keepGoing: true, laws: 'wire' } as const;
    const { violations } = await simulate({ ...few, makeOutbox: (parts) => new outbox(parts) });
    expect(violations.map(({ law }) => law)).toContain('outbox_sends_all');
  });
});

describe('the law of order', () => {
  const common = { currency: 'EUR', authorization_key: 'life' };
  const merchant = { id: null, name: null, category: null, country: null };
  const purchase: Purchase = {
    names: ['life'],
    merchant,
    requests: [
      {
        ...{ ...common, request_key: 'request', kind: 'authorization', amount_minor: 500, merchant },
        ...{ channel: 'pos', entry_mode: 'chip', card_present: true, partial_approval_capable: false },
      },
    ],
    messages: [
      { ...common, message_key: 'first', kind: 'advice', hold_minor: 700, decided_by: 'network', merchant },
      { ...common, message_key: 'second', kind: 'clearing', amount_minor: 200, final: false, merchant },
      { ...common, message_key: 'third', kind: 'reversal', amount_minor: null },
    ],
    approved_minor: 500,
  };
  const tryOrders = (makeCard: MakeCard, of = purchase) => {
    for (let seed = 1; seed <= 20; seed++) holdOrder(new Draw(seed), makeCard, of, Date.UTC(2026, 2, 29));
  };
  const [first] = purchase.requests;
  const approvedTwice: Purchase = {
    ...purchase,
    requests: [first, { ...first, request_key: 'second' }] as Purchase['requests'],
    messages: [{ ...common, message_key: 'end', kind: 'reversal', amount_minor: null }],
  };

  test('is kept by the real card', () => expect(() => tryOrders(realCard)).not.toThrow());
  test('also of two approvals that are joined at any time', () =>
    expect(() => tryOrders(realCard, approvedTwice)).not.toThrow());
  test('is broken by one that takes messages by their arrival', () => {
    expect(() => tryOrders(cardOf(brokenCards.TakesMessagesByTheirArrival))).toThrow('order_changes_nothing');
  });
  test('is broken by one that takes the later of two approvals as the beginning of both', () => {
    expect(() => tryOrders(cardOf(ForgetsWhenItBegan), approvedTwice)).toThrow('order_changes_nothing');
  });
  test('is broken by one that takes what our edge approved for given when it hears of it', () => {
    expect(() => tryOrders(cardOf(TakesItsPlaceLate))).toThrow('order_changes_nothing');
  });
  test('is broken by one that takes what its clock says for the order in which it heard things', () => {
    expect(() => tryOrders(cardOf(HearsByItsClock), approvedTwice)).toThrow('order_changes_nothing');
  });
});

function cardOf(card: new (...args: Parameters<MakeCard>) => Card): MakeCard {
  return (...args) => new card(...args);
}
