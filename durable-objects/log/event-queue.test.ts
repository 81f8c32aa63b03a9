import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { cardKey } from '../../contracts/network.ts';
import { type EventQueues, eventQueueOf } from './event-queue.ts';

const named = (name: string) => ({ name }) as unknown as Queue;
const [one, two, three] = [named('one'), named('two'), named('three')];
const keys = Array.from({ length: 3_000 }, (_, index) => cardKey('native', `card_${index}`));

function shares(queues: EventQueues): number[] {
  const of = new Map<Queue, number>();
  for (const key of keys) of.set(eventQueueOf(queues, key), (of.get(eventQueueOf(queues, key)) ?? 0) + 1);
  return [...of.values()];
}

test('cards are spread evenly over all queues, and one card always has the same', () => {
  const all: EventQueues = { CARD_EVENTS: one, CARD_EVENTS_2: two, CARD_EVENTS_3: three };
  expect(shares(all)).toHaveLength(3);
  for (const share of shares(all)) expect(Math.abs(share - 1_000)).toBeLessThan(150);
  for (const key of keys.slice(0, 100)) expect(eventQueueOf(all, key)).toBe(eventQueueOf({ ...all }, key));
});

test('with one queue every card has it; what stands behind a gap in the numbers is not used', () => {
  expect(shares({ CARD_EVENTS: one })).toEqual([3_000]);
  expect(shares({ CARD_EVENTS: one, CARD_EVENTS_3: three })).toEqual([3_000]);
});

test('a development edge has two, so that every test of the whole runs over both', () => {
  expect(shares(env as unknown as EventQueues)).toHaveLength(2);
});
