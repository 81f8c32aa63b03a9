import { expect, test } from 'vitest';
import { assert } from './assert.ts';

test('an assertion that does not hold throws what it claims, one that holds does nothing', () => {
  expect(() => assert(true, 'one is one')).not.toThrow();
  expect(() => assert(false, 'one is two')).toThrow('one is two');
});
