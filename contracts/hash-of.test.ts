import { expect, test } from 'vitest';
import { hashOf } from './hash-of.ts';

test('a hash is that of FNV-1a with 32 bits, by its published vectors', () => {
  expect(['', 'a', 'foobar'].map(hashOf)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});

test('a thousand names in a row are spread over sixteen parts, none with more than twice its share', () => {
  const parts = new Map<number, number>();
  for (let n = 0; n < 1_000; n++) {
    const part = hashOf(`marqeta:card-${n}`) % 16;
    parts.set(part, (parts.get(part) ?? 0) + 1);
  }
  expect(parts.size).toBe(16);
  expect(Math.max(...parts.values())).toBeLessThan(125);
});
