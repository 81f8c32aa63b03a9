import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BookedReturn, returnOf } from './returned.ts';

const status = (amount_minor: bigint): BookedReturn => ({ stated_minor: null, amount_minor });
const credit = (stated_minor: bigint, amount_minor = stated_minor): BookedReturn => ({ stated_minor, amount_minor });

test.each([
  ['a credit of all of it', [], 100n, { outcome: 'books', amount_minor: 100n }],
  ['a credit of a part', [], 40n, { outcome: 'books', amount_minor: 40n }],
  ['a status: all of it', [], null, { outcome: 'books', amount_minor: 100n }],
  ['a status after a part', [credit(40n)], null, { outcome: 'books', amount_minor: 60n }],
  ['a credit of what a status has moved', [status(100n)], 100n, { outcome: 'books', amount_minor: 0n }],
  ['a part after a part and a status', [credit(40n), status(60n)], 60n, { outcome: 'books', amount_minor: 0n }],
  ['a second status', [status(100n)], null, { outcome: 'nothing_left' }],
  ['a status after credits of all of it', [credit(40n), credit(60n)], null, { outcome: 'nothing_left' }],
  ['two credits above it', [credit(60n)], 60n, { outcome: 'exceeds', excess_minor: 20n }],
  [
    'two credits of all of it after a status',
    [status(100n), credit(100n, 0n)],
    100n,
    { outcome: 'exceeds', excess_minor: 100n },
  ],
  ['one above it', [], 101n, { outcome: 'exceeds', excess_minor: 1n }],
] as const)('a return: %s', (_, booked, stated, outcome) => {
  expect(returnOf(100n, booked, stated)).toEqual(outcome);
});

test('returns in any order end in the same sum, never above what was paid', () => {
  const parts = fc
    .array(fc.bigInt({ min: 1n, max: 40n }), { maxLength: 4 })
    .filter((amounts) => amounts.reduce((sum, amount) => sum + amount, 0n) <= 100n);
  fc.assert(
    fc.property(parts, fc.boolean(), fc.infiniteStream(fc.nat()), (amounts, told, order) => {
      const stated: (bigint | null)[] = told ? [...amounts, null] : amounts;
      const sumOf = (sequence: readonly (bigint | null)[]) => {
        const booked: BookedReturn[] = [];
        for (const one of sequence) {
          const found = returnOf(100n, booked, one);
          if (found.outcome === 'exceeds') throw new Error('exceeds');
          if (found.outcome === 'books') booked.push({ stated_minor: one, amount_minor: found.amount_minor });
        }
        return booked.reduce((sum, { amount_minor }) => sum + amount_minor, 0n);
      };
      const drawn = stated.map((one) => ({ one, place: order.next().value ?? 0 }));
      const shuffled = drawn.toSorted((left, right) => left.place - right.place).map(({ one }) => one);
      expect(sumOf(shuffled)).toBe(told ? 100n : amounts.reduce((sum, amount) => sum + amount, 0n));
    }),
  );
});

test('more booked than was paid is no state that any return may go on from', () => {
  expect(() => returnOf(100n, [credit(101n)], 1n)).toThrow('more came back than was paid');
});
