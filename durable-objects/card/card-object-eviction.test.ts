// An object may leave memory between any two calls. A card that is evicted at random must be the card that never was.

import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CardEvent } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { clearing, limitPerDay, merchant, profile, refund, request, reversal } from '../../core/samples.ts';
import { ask, cardAt, eventsOf, newCardKey } from './sample-card.ts';

// A graceful eviction waits for the timer that publishes.
Object.assign(limits, { publishDelayMs: 5 });

// Few keys, so that steps meet: repeats, conflicts, messages of one life, voids of what was approved.
const amount_minor = fc.integer({ min: 0, max: 1_000 });
const authorization_key = fc.constantFrom('a', 'b', 'c');
const message_key = fc.constantFrom('m1', 'm2', 'm3', 'm4');
const request_key = fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5');
const linked = fc.record({ message_key, authorization_key, amount_minor });

type Card = ReturnType<typeof cardAt>;
interface Step {
  readonly says: string;
  take(card: Card): Promise<unknown>;
}
const stepOf = (says: string, value: unknown, take: Step['take']): Step => ({
  says: `${says} ${JSON.stringify(value)}`,
  take,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ request_key, authorization_key, amount_minor, merchant: fc.constantFrom('5411', '5812').map(merchant) })
    .map((asked) => stepOf('authorize', asked, (card) => ask(card, request(asked)))),
  fc
    .oneof(linked.map(clearing), linked.map(reversal), linked.map(refund))
    .map((message) => stepOf('receive', message, (card) => card.receive(message))),
  request_key.map((key) => stepOf('void', key, (card) => card.void(key))),
  fc
    .record({ version: fc.integer({ min: 1, max: 4 }), funds_minor: fc.option(amount_minor), most: amount_minor })
    .map(({ version, funds_minor, most }) => profile({ version, funds_minor, controls: [limitPerDay(most)] }))
    .map((next) => stepOf('putProfile', next.version, (card) => card.putProfile(next))),
);

const evictions = {
  none: () => Promise.resolve(),
  graceful: (key: CardKey) => evictDurableObject(cardAt(key)),
  abort: () => abortAllDurableObjects(),
};
const eviction = fc.constantFrom('none', 'none', 'graceful', 'abort');

/** Ids are random and the clock runs on: ids become the order in which they appear, instants go. */
function comparable(value: unknown): unknown {
  const ids = new Map<string, number>();
  const numbered = JSON.stringify(value).replaceAll(/(?:auth|evt)_\w{26}/g, (id) => {
    ids.set(id, ids.get(id) ?? ids.size);
    return `id ${ids.get(id)}`;
  });
  return JSON.parse(numbered, (key, inside: unknown) => (key === 'at_ms' ? undefined : inside));
}

async function read(key: CardKey): Promise<unknown> {
  // What is already sent is the queue's business, and takes its own time.
  const { published_sequence: _, ...card } = await cardAt(key).read();
  return card;
}

test('evictions between any two steps change no answer, no state and no event', async () => {
  const lives = fc.array(fc.record({ step, eviction }), { minLength: 1, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      const [undisturbed, evicted] = [newCardKey(), newCardKey()];
      const answers: { undisturbed: unknown[]; evicted: unknown[] } = { undisturbed: [], evicted: [] };
      for (const { step } of life) answers.undisturbed.push(await step.take(cardAt(undisturbed)));
      for (const { step, eviction } of life) {
        answers.evicted.push(await step.take(cardAt(evicted)));
        const before = await read(evicted);
        await evictions[eviction](evicted);
        expect(await read(evicted)).toEqual(before);
      }
      const events = (key: CardKey): Promise<CardEvent[]> => eventsOf(key);
      expect(comparable([answers.evicted, await read(evicted), await events(evicted)])).toEqual(
        comparable([answers.undisturbed, await read(undisturbed), await events(undisturbed)]),
      );
    }),
    { numRuns: 60 },
  );
}, 30_000);
