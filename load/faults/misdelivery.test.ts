import { expect, test } from 'vitest';
import { createMisdelivery } from './misdelivery.ts';
import type { Message } from './queue-relay.ts';

const messages = Array.from({ length: 2_000 }, (_, n): Message => ({ id: `m-${n}`, body: { card_key: `card-${n}` } }));
const deliveries = (seed: number) => {
  const misdelivery = createMisdelivery(seed);
  return { misdelivery, all: messages.flatMap((message) => misdelivery.deliveriesOf(message)) };
};

test('each message comes ten times under ids of their own, or not at all, and by a seed the same ones are lost', () => {
  const { misdelivery, all } = deliveries(3);
  const times = Map.groupBy(all, ({ body }) => body.card_key);
  expect(new Set([...times.values()].map(({ length }) => length))).toEqual(new Set([10]));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(misdelivery.totals.lost).toBe(messages.length - times.size);
  expect(misdelivery.totals.lost).toBeGreaterThan(20);
  const keysOf = (seed: number) => deliveries(seed).all.map(({ body }) => body.card_key);
  expect(keysOf(3)).toEqual(all.map(({ body }) => body.card_key));
  expect(keysOf(4)).not.toEqual(keysOf(3));
});

test('what is picked is in another order, from the first thousand that are due, and each once', () => {
  const { misdelivery, all } = deliveries(5);
  const picked = misdelivery.pick(all, 100);
  const places = picked.map((delivery) => all.indexOf(delivery));
  expect(new Set(places).size).toBe(100);
  expect(places).not.toEqual(places.toSorted((one, other) => one - other));
  // A tenth of them is late: a thousand that are due end some hundred further.
  expect(Math.max(...places)).toBeLessThan(1_300);
});
