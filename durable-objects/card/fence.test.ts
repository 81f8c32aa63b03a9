// A card whose storage is set back to an earlier moment, or lost: fenced once the origin names an event that it has not, and rebuilt from
// the origin's copy. `origin`: what the origin has booked of the card's events.

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CardEvent } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { clearing, limitPerDay, profile, request } from '../../core/testing/samples.ts';
import { ask, cardAt, eventsOf, newCard, sequencesOf, upTo } from '../testing/sample-card.ts';
import { cardLog } from './card-log.ts';
import type { Acknowledged } from './has-event.ts';

const startMs = Date.UTC(2100, 2, 10, 12);
const usual = { ...limits };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(startMs);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Object.assign(limits, usual);
});

async function spend(key: CardKey, name: string, amount_minor: number) {
  vi.setSystemTime(Date.now() + 1_000);
  const answer = await ask(cardAt(key), request({ request_key: name, authorization_key: `a-${name}`, amount_minor }));
  return answer.outcome === 'decided' ? answer.decision.approved_minor : answer;
}

const seenOf = (events: readonly CardEvent[]): Acknowledged => {
  const last = events.at(-1);
  return { sequence: last?.sequence ?? 0, event_id: last?.event_id ?? null };
};

/** The card's storage as it was after event `to`; 0: nothing is left. */
async function setBack(key: CardKey, to: number): Promise<void> {
  await runInDurableObject(cardAt(key), async (_, { storage }) => {
    if (to === 0) await storage.deleteAll();
    else storage.sql.exec('delete from log where sequence > ?', to);
    await storage.deleteAlarm();
  });
  await abortAllDurableObjects();
}

/** As the origin does it: pages until the card says that it decides again. */
async function rebuild(key: CardKey, origin: readonly CardEvent[], perPage = 2) {
  const until = seenOf(origin);
  let answer = await cardAt(key).rebuild({ until, events: [] });
  for (let pages = 0; answer.is_fenced; pages++) {
    expect(pages).toBeLessThan(1_000);
    const from = answer.sequence;
    answer = await cardAt(key).rebuild({ until, events: origin.slice(from, from + perPage) as never });
    expect(answer.sequence).toBeGreaterThan(from);
  }
  return answer;
}

/** What an object throws crosses once: an RPC's promise that is looked at twice leaves a rejection that nobody hears. */
async function failure(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'nothing was thrown';
  } catch (error) {
    return String(error);
  }
}

const bodies = (key: CardKey) =>
  runInDurableObject(cardAt(key), (_, { storage }) => [...cardLog(storage.sql).after(0, 10_000)]);

async function cardWithThree(): Promise<{ key: CardKey; origin: CardEvent[] }> {
  const key = await newCard({ controls: [limitPerDay(10_000)] });
  for (const name of ['one', 'two', 'three']) expect(await spend(key, name, 2_500)).toBe(2_500);
  return { key, origin: await eventsOf(key) };
}

test('a card that has what the origin has decides on; so does one whose log no longer has it', async () => {
  const { key, origin } = await cardWithThree();
  expect(await cardAt(key).eventsAfter(4, seenOf(origin))).not.toHaveProperty('is_fenced', true);
  await runInDurableObject(
    cardAt(key),
    (_, { storage }) => void storage.sql.exec('delete from log where sequence < 3'),
  );
  expect(await cardAt(key).eventsAfter(4, seenOf(origin.slice(0, 2)))).not.toHaveProperty('is_fenced', true);
  expect(await spend(key, 'four', 2_500)).toBe(2_500);
});

test('a card that lacks what the origin has decides nothing and takes nothing, also when it is loaded again', async () => {
  const { key, origin } = await cardWithThree();
  await setBack(key, 2);
  expect(await cardAt(key).eventsAfter(2, seenOf(origin))).toMatchObject({ is_fenced: true, last_sequence: 2 });
  for (const time of ['at once', 'loaded again']) {
    const card = () => cardAt(key);
    for (const call of [
      () => spend(key, `later ${time}`.replace(' ', '-'), 100),
      () => card().receive(clearing({ message_key: `m ${time}` })),
      () => card().receiveIfCertain(clearing({ message_key: `m ${time}` })),
      () => card().void('one'),
      () => card().putProfile(profile({ version: 2 })),
      () => card().readControls(),
    ])
      expect(await failure(call), time).toContain('the card was set back');
    await runDurableObjectAlarm(card());
    expect(await card().read()).toMatchObject({ last_sequence: 2, fenced_since_ms: expect.any(Number) });
    await abortAllDurableObjects();
  }
});

test('its own rows come back as they were, and it decides by all of them', async () => {
  const { key, origin } = await cardWithThree();
  const before = await bodies(key);
  await setBack(key, 2);
  await cardAt(key).eventsAfter(0, seenOf(origin));
  expect(await rebuild(key, origin)).toMatchObject({ sequence: 4, told_again: 0 });
  expect(await bodies(key)).toEqual(before);
  expect(await cardAt(key).read()).toMatchObject({ held_minor: 7_500, fenced_since_ms: null, published_sequence: 4 });
  expect(await spend(key, 'three', 2_500)).toBe(2_500);
  expect([await spend(key, 'four', 2_600), await spend(key, 'five', 2_500)]).toEqual([0, 2_500]);
});

test('of a card of which nothing is left all comes back', async () => {
  const { key, origin } = await cardWithThree();
  await setBack(key, 0);
  const seen = seenOf(origin);
  expect(await failure(() => cardAt(key).putProfile(profile(), { after: 4, seen }))).toContain('set back');
  await rebuild(key, origin);
  expect(await cardAt(key).read()).toMatchObject({ held_minor: 7_500, last_sequence: 4 });
});

test('what was approved in ignorance is held beside what it had forgotten, once, and says that the rules were against it', async () => {
  const { key, origin } = await cardWithThree();
  await setBack(key, 2);
  // The limit of 100.00 would have left 25.00.
  expect(await spend(key, 'again', 7_000)).toBe(7_000);
  await cardAt(key).receive(
    clearing({ message_key: 'm1', authorization_key: 'a-two', amount_minor: 2_500, final: true }),
  );
  await cardAt(key).void('one');
  const [ignorant] = (await eventsOf(key)).slice(2);
  expect(await spend(key, 'no', 9_999)).toBe(0);
  // Its third event is another one than the third that is booked.
  const third = origin[2];
  const seen = { sequence: 3, event_id: third?.event_id ?? null };
  expect(await cardAt(key).eventsAfter(4, seen)).toMatchObject({ is_fenced: true });
  expect(await rebuild(key, origin)).toMatchObject({ told_again: 4 });
  const [advice, cleared, voided, declined] = (await eventsOf(key)).slice(4);
  expect(advice).toMatchObject({
    authorization_id: ignorant !== undefined && 'authorization_id' in ignorant ? ignorant.authorization_id : null,
  });
  expect(advice).toMatchObject({ kind: 'message', against: 'exceeds_amount_in_window', effect: { hold_minor: 7_000 } });
  // Money is taken out of the hold that the card had forgotten.
  expect(cleared).toMatchObject({ effect: { hold_minor: -2_500, posted_minor: 2_500 } });
  expect(voided).toMatchObject({ kind: 'void', request_key: 'one', effect: { hold_minor: -2_500 } });
  expect(declined).toMatchObject({ kind: 'void', request_key: 'no', effect: { hold_minor: 0 } });
  expect(await cardAt(key).read()).toMatchObject({ held_minor: 2_500 + 7_000, posted_minor: 2_500 });
  // Asked again, the network hears what it was told.
  expect([await spend(key, 'again', 7_000), await spend(key, 'no', 9_999)]).toEqual([7_000, 0]);
});

test('a message that came in both lives is booked once', async () => {
  const { key } = await cardWithThree();
  const told = clearing({ message_key: 'm1', authorization_key: 'a-one', amount_minor: 2_500, final: true });
  await cardAt(key).receive(told);
  const origin = await eventsOf(key);
  await setBack(key, 4);
  await cardAt(key).receive(told);
  expect(await cardAt(key).eventsAfter(0, { sequence: 5, event_id: origin[4]?.event_id ?? null })).toMatchObject({
    is_fenced: true,
  });
  await rebuild(key, origin);
  expect(await cardAt(key).read()).toMatchObject({ posted_minor: 2_500, held_minor: 5_000, last_sequence: 5 });
});

test('one that its past contradicts keeps the card fenced until a person has it', async () => {
  const { key } = await cardWithThree();
  const told = clearing({ message_key: 'm1', authorization_key: 'a-one', amount_minor: 2_500, final: true });
  await cardAt(key).receive(told);
  const origin = await eventsOf(key);
  await setBack(key, 4);
  await cardAt(key).receive({ ...told, amount_minor: 2_400 });
  const until = seenOf(origin);
  await cardAt(key).eventsAfter(0, until);
  const page = { until, events: origin as never };
  const contradictions = [{ field: 'amount_minor', message: { message_key: 'm1', amount_minor: 2_400 } }];
  expect(await cardAt(key).rebuild(page)).toMatchObject({ is_fenced: true, contradictions });
  expect(await cardAt(key).rebuild({ ...page, areKept: true })).toMatchObject({ is_fenced: false });
  expect(await cardAt(key).read()).toMatchObject({ posted_minor: 2_500 });
});

test('a rebuild goes on where it was, whenever the object dies, with pages that come twice or do not follow', async () => {
  Object.assign(limits, { snapshotRowsMin: 3 });
  const { key } = await cardWithThree();
  for (let n = 0; n < 20; n++) await spend(key, `small-${n}`, 10);
  const origin = await eventsOf(key);
  const { held_minor } = await cardAt(key).read();
  await setBack(key, 10);
  expect(await spend(key, 'meanwhile', 500)).toBe(500);
  const until = seenOf(origin);
  await cardAt(key).eventsAfter(0, until);
  for (let from = 0; from < 24; from += 3) {
    const page = { until, events: origin.slice(from, from + 3) as never };
    await cardAt(key).rebuild(page);
    expect(await cardAt(key).rebuild(page)).toMatchObject({ sequence: from === 21 ? 25 : from + 3 });
    const gap = { until, events: [{ ...origin[from], sequence: 90 }] as never };
    if (from < 21) expect(await failure(() => cardAt(key).rebuild(gap))).toContain('a page follows');
    await abortAllDurableObjects();
  }
  expect(await cardAt(key).read()).toMatchObject({
    held_minor: held_minor + 500,
    last_sequence: 25,
    fenced_since_ms: null,
  });
  expect(sequencesOf(await eventsOf(key))).toEqual(upTo(25));
});
