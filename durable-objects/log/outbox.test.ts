// From the log to the queue: an alarm is pending whenever something is unsent, so what was answered always arrives.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CardEventsMessage } from '../../contracts/card-event.ts';
import { toJsonText } from '../../contracts/json-text.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { clearing, request } from '../../core/testing/samples.ts';
import type { CardObject } from '../card/card-object.ts';
import { hearEvents } from '../testing/event-queues.ts';
import { ask, cardAt, eventsOf, newCard, promiseAt, sequencesOf, upTo } from '../testing/sample-card.ts';

/** What the queue took, in order. */
let taken: CardEventsMessage[];
/** What the queue does with a message; a test that wants a bad one puts it here. */
let send: (message: CardEventsMessage) => Promise<unknown>;

const takeIt = (message: CardEventsMessage) => Promise.resolve(taken.push(message));
const unavailable = () => Promise.reject(new Error('the queue is away'));

beforeEach(() => {
  taken = [];
  send = takeIt;
  hearEvents((message) => send(message));
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** The events of one card that the queue took: another test's card may still be sending. */
const takenOf = (key: CardKey) => taken.filter(({ card_key }) => card_key === key).flatMap(({ events }) => events);
const alarmOf = (key: CardKey) => runInDurableObject(cardAt(key), (_, { storage }) => storage.getAlarm());
const promiseOf = async (key: CardKey) => promiseAt(await alarmOf(key));
const runAlarm = (key: CardKey) => runDurableObjectAlarm(cardAt(key));
const authorize = (key: CardKey, one: number) =>
  ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}` }));
const untilTaken = (key: CardKey, sequences: readonly number[]) =>
  vi.waitFor(() => expect(sequencesOf(takenOf(key))).toEqual(sequences), { timeout: 10_000, interval: 20 });

/** The alarm fires by itself and soon, and wakes the object: a test that runs it would delete it first. */
async function dieBeforeTheAlarm(key: CardKey): Promise<void> {
  await runInDurableObject(cardAt(key), (_, { storage }) => storage.setAlarm(Date.now() + 50));
  await abortAllDurableObjects();
}

describe('outbox', () => {
  test('whatever is recorded is sent without being asked for', async () => {
    const key = await newCard();
    await authorize(key, 1);
    await untilTaken(key, [1, 2]);
  });

  test('how long a request waited until its decision was durable goes with its event', async () => {
    const key = await newCard();
    const asked = toJsonText(request({ request_key: 'r1', authorization_key: 'a1' }));
    await cardAt(key).authorize(asked, undefined, undefined, Date.now() - 300);
    // Decided before: a repeat is answered, and is no event.
    await cardAt(key).authorize(asked, undefined, undefined, Date.now() - 9_000);
    await authorize(key, 2);
    await untilTaken(key, [1, 2, 3]);
    const told = taken.filter(({ card_key }) => card_key === key).map(({ answered_ms }) => answered_ms ?? {});
    const { 2: waited, ...others } = Object.assign({}, ...told) as Record<number, number>;
    expect(others).toEqual({});
    expect(waited).toBeGreaterThanOrEqual(300);
    expect(waited).toBeLessThan(5_000);
  });

  test('a request that arrived by a clock ahead of this one has waited 0 ms', async () => {
    const key = await newCard();
    const asked = toJsonText(request({ request_key: 'r1', authorization_key: 'a1' }));
    await cardAt(key).authorize(asked, undefined, undefined, Date.now() + 60_000);
    await untilTaken(key, [1, 2]);
    const told = taken.filter(({ card_key }) => card_key === key).map(({ answered_ms }) => answered_ms ?? {});
    expect(Object.assign({}, ...told)).toEqual({ 2: 0 });
  });

  test('the traces of a call go with the event that it made; those of a repeat go with none', async () => {
    const key = await newCard();
    const asked = toJsonText(request({ request_key: 'r1', authorization_key: 'a1' }));
    const cleared = clearing({ message_key: 'm1', authorization_key: 'a1' });
    // In one turn of the object: nothing is sent before all of them are told.
    await runInDurableObject(cardAt(key), (card: CardObject) => {
      for (const traces of ['of the request', 'of its repeat']) card.authorize(asked, undefined, traces);
      for (const traces of ['of the clearing', 'of its repeat']) card.receive(cleared, traces);
      card.authorize(toJsonText(request({ request_key: 'r2', authorization_key: 'a2' })));
      card.receive(clearing({ message_key: 'm2', authorization_key: 'a2' }));
    });
    await untilTaken(key, upTo(5));
    const told = taken.filter(({ card_key }) => card_key === key).map(({ traces }) => traces ?? {});
    expect(Object.assign({}, ...told)).toStrictEqual({ 2: 'of the request', 3: 'of the clearing' });
  });

  test('an alarm to send is pending whenever something is unsent', async () => {
    const key = await newCard();
    expect(await promiseOf(key)).toBe('sending');
    expect(await runAlarm(key)).toBe(true);
    expect(await cardAt(key).read()).toMatchObject({ last_sequence: 1, published_sequence: 1 });
    expect(await promiseOf(key)).toBe('upkeep');
    await authorize(key, 1);
    expect(await promiseOf(key)).toBe('sending');
  });

  test('a repeat records nothing, so nothing is promised for it', async () => {
    const key = await newCard();
    await authorize(key, 1);
    await runAlarm(key);
    await authorize(key, 1);
    expect(await promiseOf(key)).toBe('upkeep');
  });

  test('every row is sent once and in order, as the log has it', async () => {
    const key = await newCard();
    const many = limits.eventsPerMessageMax * 2 + 50;
    await Promise.all(upTo(many).map((one) => authorize(key, one)));
    await runAlarm(key);
    expect(takenOf(key)).toEqual(await eventsOf(key));
    expect(takenOf(key)).toHaveLength(many + 1);
  });

  test('a queue that is away leaves the rows unsent under another alarm, and gets all of them when it is back', async () => {
    const key = await newCard();
    send = unavailable;
    for (const one of upTo(3)) {
      await authorize(key, one);
      await runAlarm(key);
      expect(await alarmOf(key)).not.toBeNull();
    }
    expect(await cardAt(key).read()).toMatchObject({ last_sequence: 4, published_sequence: 0 });
    send = takeIt;
    await runAlarm(key);
    expect(takenOf(key)).toEqual(await eventsOf(key));
    expect(await promiseOf(key)).not.toBe('sending');
  });

  test('a timer that could not send brings the alarm forward', async () => {
    const key = await newCard();
    send = unavailable;
    const laterMs = Date.now() + limits.publishAlarmBusyMs;
    await runInDurableObject(cardAt(key), (_, { storage }) => storage.setAlarm(laterMs));
    await vi.waitFor(async () => expect(await alarmOf(key)).toBeLessThan(Date.now() + limits.publishAlarmMs), {
      timeout: 5_000,
      interval: 20,
    });
    send = takeIt;
    await untilTaken(key, [1]);
  });

  test('each failure in a row waits longer than the last, up to a bound', async () => {
    const key = await newCard();
    send = unavailable;
    const waitsMs: number[] = [];
    for (const _ of upTo(9)) {
      await runAlarm(key);
      waitsMs.push(Math.round((((await alarmOf(key)) ?? 0) - Date.now()) / 1_000) * 1_000);
    }
    expect(waitsMs.slice(0, 4)).toEqual([1, 2, 4, 8].map((factor) => factor * limits.publishRetryMsMin));
    expect(waitsMs.at(-1)).toBe(limits.publishRetryMsMax);
  });

  test('what the queue took before it failed is not sent again', async () => {
    const key = await newCard();
    await Promise.all(upTo(limits.eventsPerMessageMax + 9).map((one) => authorize(key, one)));
    send = (message) => (taken.length === 0 ? takeIt(message) : unavailable());
    await runAlarm(key);
    send = takeIt;
    await runAlarm(key);
    expect(takenOf(key)).toEqual(await eventsOf(key));
  });

  test('what is recorded while a message is on its way is sent too', async () => {
    const key = await newCard();
    let [underway, mayArrive] = [false, false];
    send = async (message) => {
      underway = true;
      await vi.waitUntil(() => mayArrive, { timeout: 5_000, interval: 5 });
      await takeIt(message);
    };
    const alarm = runAlarm(key);
    await vi.waitUntil(() => underway, { interval: 5 });
    for (const one of upTo(5)) await authorize(key, one);
    mayArrive = true;
    await alarm;
    await runAlarm(key);
    expect(takenOf(key)).toEqual(await eventsOf(key));
  });
});

describe('outbox: a crash repeats, and never drops', () => {
  test('unsent rows survive, and the alarm that wakes the object sends them all', async () => {
    const key = await newCard();
    for (const one of upTo(5)) await authorize(key, one);
    await dieBeforeTheAlarm(key);
    await untilTaken(key, upTo(6));
  });

  test('the alarm that wakes the object goes on after what the last row knows to be sent', async () => {
    const key = await newCard();
    await runAlarm(key);
    await authorize(key, 1);
    await dieBeforeTheAlarm(key);
    await untilTaken(key, upTo(2));
  });

  test('a request that wakes the object leaves nothing behind', async () => {
    const key = await newCard();
    await authorize(key, 1);
    await abortAllDurableObjects();
    await authorize(key, 2);
    await runAlarm(key);
    expect(takenOf(key)).toEqual(await eventsOf(key));
  });

  test('what was sent is not sent again, once an alarm of upkeep says that it was', async () => {
    const key = await newCard();
    await authorize(key, 1);
    await runAlarm(key);
    await evictDurableObject(cardAt(key));
    await authorize(key, 2);
    expect(await cardAt(key).read()).toMatchObject({ published_sequence: 2 });
    await runAlarm(key);
    expect(sequencesOf(takenOf(key))).toEqual(upTo(3));
  });

  test.each([
    ['before the queue takes', false, upTo(4)],
    ['after the queue took', true, [...upTo(4), ...upTo(4)]],
  ] as const)(
    'a crash %s a message',
    async (_, takesFirst, expected) => {
      const key = await newCard();
      for (const one of upTo(3)) await authorize(key, one);
      let underway = false;
      send = async (message) => {
        if (takesFirst) await takeIt(message);
        underway = true;
        await vi.waitUntil(() => false, { timeout: 60_000, interval: 50 });
      };
      await dieBeforeTheAlarm(key);
      await vi.waitUntil(() => underway, { timeout: 5_000, interval: 5 });
      send = takeIt;
      await abortAllDurableObjects();
      await untilTaken(key, expected);
    },
    15_000,
  );

  test('a row that cannot be written is never answered, and the next one takes its number', async () => {
    const key = await newCard();
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) => {
      sql.exec("create trigger full before insert on log begin select raise(abort, 'disk is full'); end");
    });
    expect(await authorize(key, 1).catch(String)).toContain('could not be recorded');
    await runInDurableObject(cardAt(key), (_, { storage: { sql } }) => sql.exec('drop trigger full').toArray());
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, last_sequence: 1 });
    await authorize(key, 2);
    await runAlarm(key);
    expect(takenOf(key)).toEqual(await eventsOf(key));
    expect(sequencesOf(takenOf(key))).toEqual(upTo(2));
  });
});
