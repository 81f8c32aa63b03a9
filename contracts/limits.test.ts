// The bounds, and what must hold between them.

import { expect, test } from 'vitest';
import { assertLimits, limits, originLimits } from './limits.ts';

test('every bound is a positive whole number', () => {
  for (const [name, bound] of Object.entries({ ...limits, ...originLimits })) {
    expect(Number.isSafeInteger(bound), name).toBe(true);
    expect(bound, name).toBeGreaterThan(0);
  }
});

test('every name ends in what bounds it', () => {
  for (const name of Object.keys({ ...limits, ...originLimits }))
    expect(name).toMatch(/(?:Ms|Max|Min|Days|DaysLongStay)$/);
});

test('the bounds fit together', () => {
  expect(() => assertLimits()).not.toThrow();
});
