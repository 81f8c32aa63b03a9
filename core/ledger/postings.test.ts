// Postings say in double entry exactly what an event did to money.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../contracts/card-event.ts';
import { type Posting, postings, type TransferKind } from './postings.ts';

const spend = (kind: TransferKind, amount_minor: number): Posting => ({ kind, direction: 'spend', amount_minor });
const refund = (amount_minor: number): Posting => ({ kind: 'direct', direction: 'refund', amount_minor });

test.each<[says: string, hold_minor: number, posted_minor: number, expected: readonly Posting[]]>([
  ['a decline', 0, 0, []],
  ['an approval', 500, 0, [spend('pending', 500)]],
  ['a release', -500, 0, [spend('void', 500)]],
  ['a clearing of the hold', -500, 500, [spend('post', 500)]],
  ['a partial clearing', -200, 200, [spend('post', 200)]],
  ['a final clearing below the hold', -500, 400, [spend('post', 400), spend('void', 100)]],
  ['a clearing above the hold', -500, 600, [spend('post', 500), spend('direct', 100)]],
  ['a force post', 0, 500, [spend('direct', 500)]],
  ['a refund', 0, -100, [refund(100)]],
])('%s', (_, hold_minor, posted_minor, expected) => {
  expect(postings({ hold_minor, posted_minor })).toEqual(expected);
});

const amount = fc.integer({ min: -1_000_000, max: 1_000_000 });
const effects = fc.record<Effect>({ hold_minor: amount, posted_minor: amount });

/** What a set of postings does to the two balances of an authorization's money. */
function effectOf(all: readonly Posting[]): Effect {
  const sum = (...kinds: readonly string[]) =>
    all
      .filter(({ kind, direction }) => kinds.includes(`${direction} ${kind}`))
      .reduce((total, { amount_minor }) => total + amount_minor, 0);
  return {
    hold_minor: sum('spend pending') - sum('spend post', 'spend void'),
    posted_minor: sum('spend post', 'spend direct') - sum('refund direct'),
  };
}

test('what is pending and what is posted change by the effect, whatever it is', () => {
  fc.assert(
    fc.property(effects, (effect) => {
      expect(effectOf(postings(effect))).toEqual(effect);
    }),
  );
});

test('no transfer is zero or negative, and no kind comes twice', () => {
  fc.assert(
    fc.property(effects, (effect) => {
      const all = postings(effect);
      for (const { amount_minor } of all) expect(amount_minor).toBeGreaterThan(0);
      expect(new Set(all.map(({ kind, direction }) => `${direction} ${kind}`)).size).toBe(all.length);
    }),
  );
});
