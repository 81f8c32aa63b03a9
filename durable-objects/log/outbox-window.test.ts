// More rows unsent than memory keeps: those that found no room are read from the log, and none is ever skipped (case E5).

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { profile, request } from '../../core/testing/samples.ts';
import { hearEvents } from '../testing/event-queues.ts';
import { ask, cardAt, newCard, newCardKey, upTo } from '../testing/sample-card.ts';
import { newHarness, type OutboxHarness, type QueueMode } from '../testing/sample-outbox.ts';

const realMemoryMax = limits.unsentInMemoryMax;
let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'error').mockImplementation((line) => logged.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(limits, { unsentInMemoryMax: realMemoryMax, eventsPerMessageMax: 100 });
});

/** Each message goes on where the queue has everything below it, and has no gap inside. */
function expectNothingSkipped({ messages, outbox, rows }: OutboxHarness): void {
  let reached = 0;
  for (const { events } of messages) {
    expect(events[0]?.sequence).toBeLessThanOrEqual(reached + 1);
    for (const [index, { sequence }] of events.entries()) expect(sequence).toBe(Number(events[0]?.sequence) + index);
    reached = Math.max(reached, Number(events.at(-1)?.sequence));
  }
  if (outbox.isAllSent) expect(reached).toBe(rows.length);
}

describe('E5: more rows unsent than memory keeps', () => {
  test('E5: 1,530 rows unsent, one reload, and traffic that goes on: every row is sent', async () => {
    const card = await newHarness();
    card.mode = 'refuse';
    card.append(1_530);
    await card.alarm();
    await card.reload();
    card.append(1_001);
    await card.alarm();
    card.mode = 'take late';
    for (const _ of upTo(60)) {
      await card.alarm();
      card.append(10);
    }
    card.mode = 'take';
    await card.alarm();
    expectNothingSkipped(card);
    expect([card.outbox.isAllSent, card.delivered.size, card.brokenBy]).toEqual([true, card.rows.length, null]);
  });

  test('E5: the same without a reload: rows that found no room while others were sent', async () => {
    const card = await newHarness();
    card.mode = 'take late';
    card.append(30);
    await card.pass(limits.publishDelayMs);
    card.append(1_200);
    for (const _ of upTo(40)) {
      await card.alarm();
      card.append(7);
    }
    card.mode = 'take';
    await card.alarm();
    expectNothingSkipped(card);
    expect([card.outbox.isAllSent, card.delivered.size, card.brokenBy]).toEqual([true, card.rows.length, null]);
  });

  test('E5: any reloads, traffic, failures and crashes: nothing is skipped, and all is sent once the queue is there', async () => {
    Object.assign(limits, { unsentInMemoryMax: 8, eventsPerMessageMax: 3 });
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('append'), count: fc.integer({ min: 1, max: 12 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(400, 5_000, 90_000) }) },
      { weight: 3, arbitrary: fc.constant({ do: 'alarm' } as const) },
      { weight: 1, arbitrary: fc.constant({ do: 'reload' } as const) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('mode'),
          mode: fc.constantFrom<QueueMode>('take', 'refuse', 'take late', 'take late', 'taken and forgotten'),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const card = await newHarness();
        for (const one of steps) {
          if (one.do === 'append') card.append((one as { count: number }).count);
          else if (one.do === 'pass') await card.pass((one as { ms: number }).ms);
          else if (one.do === 'alarm') await card.alarm();
          else if (one.do === 'reload') await card.reload();
          else card.mode = (one as { mode: QueueMode }).mode;
          expectNothingSkipped(card);
        }
        // A message that hangs ends with its process; then the queue is there.
        await card.reload();
        card.mode = 'take';
        await card.alarm();
        expectNothingSkipped(card);
        expect([card.outbox.isAllSent, card.delivered.size, card.brokenBy]).toEqual([true, card.rows.length, null]);
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);
});

describe('the traces of events', () => {
  test('go with them, in whichever message they are, and are forgotten once they are sent', async () => {
    const card = await newHarness();
    card.append(1);
    card.outbox.traced('one');
    card.append(2);
    card.outbox.traced('three');
    await card.pass(10_000);
    expect(card.messages.map(({ traces }) => traces)).toEqual([{ 1: 'one', 3: 'three' }]);
    card.append(1);
    await card.pass(10_000);
    expect(card.messages.at(-1)).not.toHaveProperty('traces');
  });

  test('are lost with the object, and the events are not', async () => {
    const card = await newHarness();
    card.append(1);
    card.outbox.traced('one');
    await card.reload();
    await card.pass(10_000);
    expect([...card.delivered]).toEqual([1]);
    expect(card.messages[0]).not.toHaveProperty('traces');
  });

  test('are kept for no more events than memory has room for', async () => {
    Object.assign(limits, { unsentInMemoryMax: 5 });
    const card = await newHarness();
    card.mode = 'refuse';
    for (let n = 1; n <= 20; n++) {
      card.append(1);
      card.outbox.traced(`trace ${n}`);
    }
    card.mode = 'take';
    await card.alarm();
    const traced = card.messages.flatMap(({ traces }) => Object.keys(traces ?? {}));
    expect(traced).toEqual(['1', '2', '3', '4', '5']);
    expect(card.delivered.size).toBe(20);
  });
});

describe('how long requests waited', () => {
  const waited = ({ messages }: OutboxHarness) => messages.map(({ answered_ms }) => answered_ms);

  test('is kept for no more events than memory has room for', async () => {
    Object.assign(limits, { unsentInMemoryMax: 5 });
    const card = await newHarness();
    card.mode = 'refuse';
    for (let n = 1; n <= 20; n++) {
      card.append(1);
      card.outbox.measured(n, n * 10);
    }
    card.mode = 'take';
    await card.alarm();
    expect(Object.assign({}, ...waited(card))).toEqual({ 1: 10, 2: 20, 3: 30, 4: 40, 5: 50 });
    expect(card.delivered.size).toBe(20);
  });

  test('is forgotten with what is sent, like traces, and not noted for what is sent already: the next event has room', async () => {
    Object.assign(limits, { unsentInMemoryMax: 1 });
    const card = await newHarness();
    for (const n of upTo(3)) {
      card.append(1);
      card.outbox.traced(`trace ${n}`);
      card.outbox.measured(n, n);
      await card.pass(10_000);
      card.outbox.measured(n, 99);
    }
    expect(waited(card)).toEqual([{ 1: 1 }, { 2: 2 }, { 3: 3 }]);
    expect(card.messages.map(({ traces }) => traces)).toEqual([{ 1: 'trace 1' }, { 2: 'trace 2' }, { 3: 'trace 3' }]);
  });
});

describe('a log with a hole', () => {
  test('is never sent across: the object starts again, and all the rows below the hole are in the queue', async () => {
    const card = await newHarness();
    card.append(5);
    card.rows.splice(2, 1);
    await card.reload();
    expect(card.outbox.isAllSent).toBe(false);
    await card.alarm();
    expect([card.outbox.isAllSent, card.delivered.size]).toEqual([false, 0]);
    expect(card.brokenBy).toContain('where event 3 should be sent');
  });

  test('a row that does not follow the newest is refused before it is kept', async () => {
    const card = await newHarness();
    card.append(1);
    const [row] = card.rows;
    if (row === undefined) throw new Error('a row was appended');
    expect(() => card.outbox.recorded({ ...row, sequence: 3 })).toThrow('event 3 was recorded after event 1');
  });
});

describe('the card object', () => {
  test('E5: a reload with rows unsent, then more rows than memory keeps: the queue gets every one of them', async () => {
    Object.assign(limits, { unsentInMemoryMax: 25, eventsPerMessageMax: 10 });
    const taken: number[] = [];
    let isAway = true;
    const key = newCardKey();
    hearEvents(({ card_key, events }) => {
      if (isAway) throw new Error('the queue is away');
      if (card_key === key) taken.push(...events.map(({ sequence }) => sequence));
    });
    await cardAt(key).putProfile(profile());
    const authorize = (from: number, to: number) =>
      Promise.all(
        upTo(to)
          .slice(from)
          .map((one) => ask(cardAt(key), request({ request_key: `r${one}` }))),
      );
    await authorize(0, 30);
    await abortAllDurableObjects();
    await authorize(30, 75);
    isAway = false;
    await runDurableObjectAlarm(cardAt(key));
    await authorize(75, 90);
    await runDurableObjectAlarm(cardAt(key));
    expect(taken).toEqual(upTo(91));
    expect(await cardAt(key).read()).toMatchObject({ last_sequence: 91, published_sequence: 91 });
  });

  test('a hole in its log: it starts again, and says so', async () => {
    hearEvents();
    const key = await newCard();
    for (const one of upTo(3)) await ask(cardAt(key), request({ request_key: `r${one}` }));
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) =>
      sql.exec('delete from log where sequence = 2').toArray(),
    );
    await abortAllDurableObjects();
    await runDurableObjectAlarm(cardAt(key)).catch(() => undefined);
    expect(logged.some((line) => line.includes('where event 2 should be sent'))).toBe(true);
    expect(await runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm())).not.toBeNull();
  });
});
