// A desk by itself: of a token that no card ever had it stores nothing, and a day's bounds and a deadline are met exactly. What the
// worker makes of its answers is in worker/stand-in-desk.test.ts.

import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { advice } from '../../core/testing/samples.ts';

const dayMs = 86_400_000;
const noonMs = Date.UTC(2100, 2, 10, 12);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: noonMs }));
afterEach(() => void vi.useRealTimers());

const newDesk = () => `desk-${crypto.randomUUID()}`;
const at = (name: string) => env.STAND_IN_DESKS.getByName(name);
const bounds = { count_max: 3, sum_minor_max: 100 };
const active = { version: 1, currency: 'USD', active_until_ms: noonMs + 100 * dayMs };
const asks = (
  name: string,
  request_key: string,
  hold_minor: number,
  changes = {},
  deadlineAtMs = noonMs + 400 * dayMs,
) => at(name).standIn(advice({ request_key, hold_minor, ...changes }), bounds, deadlineAtMs);
const givenTo = (name: string) =>
  runInDurableObject(at(name), (_, { storage: { sql } }) =>
    sql
      .exec<{ key: string }>('select request_key as key from given order by 1')
      .toArray()
      .map(({ key }) => key),
  );

test('a token that no card ever had: nothing is given, given up or stored', async () => {
  const name = newDesk();
  expect(await asks(name, 'r1', 10)).toBe('card_unknown');
  expect(await at(name).giveUp('r1')).toBeNull();
  const resets_at_ms = noonMs + dayMs / 2;
  expect(await at(name).read()).toEqual({ at_ms: noonMs, card: null, uses: 0, sum_minor: 0, resets_at_ms });
  const tables = await runInDurableObject(at(name), (_, { storage: { sql } }) =>
    sql.exec("select 1 from sqlite_master where name in ('card', 'given')").toArray(),
  );
  expect(tables).toEqual([]);
});

test('a card is known in memory and after a load', async () => {
  const name = newDesk();
  await at(name).putCard(active);
  expect(await asks(name, 'r1', 10)).toBe('given');
  await abortAllDurableObjects();
  expect(await at(name).read()).toMatchObject({ card: active, uses: 1, sum_minor: 10 });
  expect(await asks(name, 'r2', 10)).toBe('given');
  expect(await at(name).giveUp('r2')).toEqual(advice({ request_key: 'r2', hold_minor: 10 }));
  expect(await at(name).giveUp('r3')).toBeNull();
});

test('an advice without a request key is of no request', async () => {
  const name = newDesk();
  await at(name).putCard(active);
  expect(await at(name).standIn(advice({ hold_minor: 10 }), bounds, noonMs)).toBe('card_unknown');
});

test('at the deadline it is given, a millisecond later nobody waits for it', async () => {
  const name = newDesk();
  await at(name).putCard(active);
  expect(await asks(name, 'r1', 10, {}, noonMs)).toBe('given');
  expect(await asks(name, 'r2', 10, {}, noonMs - 1)).toBe('late');
  // Not even a repeat.
  expect(await asks(name, 'r1', 10, {}, noonMs - 1)).toBe('late');
});

test('a card is active until its instant, and not at it; in its currency alone', async () => {
  const name = newDesk();
  await at(name).putCard({ ...active, active_until_ms: noonMs + 1 });
  expect(await asks(name, 'r1', 10, { currency: 'EUR' })).toBe('currency_not_allowed');
  expect(await asks(name, 'r1', 10)).toBe('given');
  vi.setSystemTime(noonMs + 1);
  expect(await asks(name, 'r2', 10)).toBe('card_not_active');
  expect(await asks(name, 'r1', 10)).toBe('given');
});

test('count and sum are used up exactly, and are there again on the next day', async () => {
  const name = newDesk();
  await at(name).putCard(active);
  expect(await asks(name, 'r1', 60)).toBe('given');
  expect(await asks(name, 'r2', 41)).toBe('sum_used_up');
  expect(await asks(name, 'r2', 40)).toBe('given');
  expect(await asks(name, 'r3', 0)).toBe('given');
  expect(await asks(name, 'r4', 0)).toBe('count_used_up');
  expect(await at(name).read()).toMatchObject({ uses: 3, sum_minor: 100 });
  vi.setSystemTime(noonMs + dayMs / 2 - 1);
  expect(await asks(name, 'r4', 0)).toBe('count_used_up');
  vi.setSystemTime(noonMs + dayMs / 2);
  expect(await at(name).read()).toMatchObject({ uses: 0, sum_minor: 0, resets_at_ms: noonMs + 1.5 * dayMs });
  expect(await asks(name, 'r4', 100)).toBe('given');
});

test('a key is spent by another amount, and by being given up', async () => {
  const name = newDesk();
  await at(name).putCard(active);
  await asks(name, 'r1', 10);
  expect(await asks(name, 'r1', 11)).toBe('key_spent');
  expect(await asks(name, 'r1', 10)).toBe('given');
  await at(name).giveUp('r1');
  expect(await asks(name, 'r1', 10)).toBe('key_spent');
  expect(await at(name).read()).toMatchObject({ uses: 1, sum_minor: 10 });
});

test('what was given is remembered as long as the card’s rows are, and forgotten by the next that is given', async () => {
  const name = newDesk();
  await at(name).putCard(active);
  await asks(name, 'r1', 10);
  const days = limits.retentionMs / dayMs;
  vi.setSystemTime(noonMs + days * dayMs);
  await asks(name, 'r2', 10);
  expect(await givenTo(name)).toEqual(['r1', 'r2']);
  vi.setSystemTime(noonMs + (days + 1) * dayMs);
  await asks(name, 'r3', 10);
  expect(await givenTo(name)).toEqual(['r2', 'r3']);
});

test('a newer version replaces an older one, never the reverse, nor one as old', async () => {
  const name = newDesk();
  const cards = [
    active,
    { ...active, version: 3, currency: 'EUR' },
    { ...active, version: 2 },
    { ...active, version: 3 },
  ];
  for (const card of cards) await at(name).putCard(card);
  expect(await at(name).read()).toMatchObject({ card: { version: 3, currency: 'EUR' } });
});
