import { beforeAll, describe, expect, test } from 'vitest';
import { originLimits } from '../../../contracts/limits.ts';
import type { Profile } from '../../../contracts/profile.ts';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { runBacktest } from '../../backtest/run-backtest.ts';
import { readControls } from '../../controls/read-controls.ts';
import { type Json, SampleApi } from '../../testing/sample-api.ts';
import type { SampleCard } from '../../testing/sample-card.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  api.onAnswer = await answersHeldTo(api);
  return () => api.close();
});

const backtest = (body: Json, headers: Record<string, string> = {}) =>
  api.call('POST', '/controls/backtest', body, headers);
const atMost = (count: number, over: Json = {}) => ({
  control_id: 'velocity',
  does: 'limit',
  count,
  window: { per: 'rolling', seconds: 600 },
  ...over,
});
const perDay = (amount_minor: number, control_id = 'per-day') => ({
  ...{ control_id, does: 'limit', amount_minor, window: { per: 'day' } },
});

/** Five purchases of 10.00, four minutes apart. */
function shop(card: SampleCard): void {
  for (let n = 0; n < 5; n += 1) {
    card.clear(card.authorize(1_000), 1_000);
    card.wait(240_000);
  }
}

describe('a backtest over recorded history', () => {
  test('a velocity limit: exactly the decisions that it would have changed, by name', async () => {
    const { card, sample } = await api.newCard();
    shop(sample);
    await api.deliver(sample.message());
    const { status, body } = await backtest({ card_id: card['card_id'], controls: [atMost(2)] });
    expect(status).toBe(200);
    const asked = sample.events.filter(({ kind }) => kind === 'authorization') as { authorization_id: string }[];
    // In any ten minutes two: the third is one too many, and with it declined the fourth is not.
    expect(body).toMatchObject({
      ...{ cards_sampled: 1, requests: 5, unchanged: 4, events_read: 11, events_unreadable: 0 },
      newly_declined: {
        count: 1,
        by: [
          { control_id: 'velocity', reason: 'exceeds_count_in_window', currency: 'USD', count: 1, amount_minor: 1_000 },
        ],
      },
      newly_approved: { count: 0, by: [] },
      examples: [
        {
          change: 'newly_declined',
          card_id: card['card_id'],
          authorization_id: asked[2]?.authorization_id,
          recorded: { outcome: 'approved', approved_minor: 1_000 },
          draft: { outcome: 'declined', reason: 'exceeds_count_in_window', control_id: 'velocity' },
        },
      ],
    });
  });

  test('a control in shadow is reported, and changes nothing', async () => {
    const { card, sample } = await api.newCard();
    shop(sample);
    await api.deliver(sample.message());
    const { body } = await backtest({ card_id: card['card_id'], controls: [atMost(2, { mode: 'shadow' })] });
    expect(body).toMatchObject({
      unchanged: 5,
      shadow_would_decline: { count: 3, by: [{ control_id: 'velocity', count: 3 }] },
    });
  });

  test('only requests of the time that is asked for are compared, and all before it count', async () => {
    const { card, sample } = await api.newCard();
    shop(sample);
    await api.deliver(sample.message());
    const asked = sample.events.filter(({ kind }) => kind === 'authorization');
    const [from_ms, until_ms] = [asked[2]?.at_ms, asked[4]?.at_ms];
    const { body } = await backtest({ card_id: card['card_id'], controls: [atMost(2)], from_ms, until_ms });
    expect(body).toMatchObject({ requests: 2, unchanged: 1, newly_declined: { count: 1 } });
  });

  test("of a control set the draft takes the set's place, and each card's own controls stay", async () => {
    const set = await api.call('POST', '/control-sets', { name: 'shared', controls: [perDay(2_500)] });
    const { control_set_id } = set.body;
    const own = await api.newCard({ control_set: { control_set_id }, controls: [perDay(1_500, 'mine')] });
    const other = await api.newCard({ control_set: { control_set_id } });
    for (const { sample } of [own, other]) {
      shop(sample);
      await api.deliver(sample.message());
    }
    const same = await backtest({ control_set_id, controls: [perDay(2_500)] });
    expect(same.body).toMatchObject({ cards_sampled: 2, requests: 10, unchanged: 10 });
    const { body } = await backtest({ control_set_id, controls: [] });
    // The one is still held to 15.00 a day by its own; the other had been declined three times by the set's.
    expect(body).toMatchObject({
      unchanged: 7,
      newly_approved: {
        count: 3,
        by: [{ control_id: 'per-day', reason: 'exceeds_amount_in_window', amount_minor: 3_000 }],
      },
    });
    // The card leaves the set: what it has now is its own, what it had then was not.
    await api.call('PATCH', `/cards/${other.card['card_id']}`, { control_set: null, controls: [perDay(9_999)] });
    other.sample.putProfile(api.edge.profiles.get(other.sample.card_key) as Profile);
    await api.call('PATCH', `/cards/${other.card['card_id']}`, { control_set: { control_set_id }, controls: [] });
    other.sample.putProfile(api.edge.profiles.get(other.sample.card_key) as Profile);
    await api.deliver(other.sample.message());
    expect((await backtest({ control_set_id, controls: [] })).body).toMatchObject({ newly_approved: { count: 3 } });
  });

  test('the controls that were in force change nothing, in a sample that its seed draws again', async () => {
    const { account_id } = await api.newAccount();
    const controls = [perDay(2_500), { ...atMost(2), mode: 'shadow' }];
    for (let n = 0; n < 4; n += 1) {
      const { sample } = await api.newCard({ controls }, account_id);
      shop(sample);
      await api.deliver(sample.message());
    }
    const all = await backtest({ account_id, controls });
    expect(all.body).toMatchObject({ cards_with_history: 4, cards_sampled: 4, requests: 20, unchanged: 20 });
    const draw = async (seed: number) =>
      (await backtest({ account_id, controls: [], sample: 1, seed })).body['examples'] as Json[];
    const first = await draw(7);
    expect(first.length).toBeGreaterThan(0);
    expect(await draw(7)).toEqual(first);
    const cards: unknown[] = [];
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) cards.push((await draw(seed))[0]?.['card_id']);
    expect(new Set(cards).size).toBeGreaterThan(1);
  });

  test('an event that nobody could read is passed over, and counted', async () => {
    const { card, sample } = await api.newCard();
    sample.authorize(1);
    const events = sample.events.map((event) => (event.sequence === 2 ? { ...event, effect: 'lost' } : event));
    await api.deliver({ ...sample.message(), events });
    const { body } = await backtest({ card_id: card['card_id'], controls: [] });
    expect(body).toMatchObject({ events_read: 2, events_unreadable: 1, requests: 0 });
  });
});

function draftOf(account_id: unknown, seed = 1) {
  const population = { column: 'account_id' as const, id: String(account_id) };
  const { resolved: controls } = readControls([], { at: 'controls', nowMs: null });
  return { controls, population, size: 1, seed, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
}

describe('a backtest is bounded', () => {
  test('by events and by time, and the refusal says how to narrow it', async () => {
    const { sample, account_id } = await api.newCard();
    shop(sample);
    await api.deliver(sample.message());
    const { sql } = api.database;
    const bounds = { eventsMax: originLimits.backtestEventsMax, msMax: originLimits.backtestMsMax };
    await expect(runBacktest(sql, draftOf(account_id), { ...bounds, eventsMax: 5 })).rejects.toMatchObject({
      error_code: 'backtest_too_large',
      message: 'sample takes in more than 5 events: give a smaller sample, or an earlier until_ms.',
    });
    await expect(runBacktest(sql, draftOf(account_id), { ...bounds, msMax: 0 })).rejects.toThrow(/longer than 0 ms/);
  });

  test('to one at a time, whoever asks: another key is told to come back', async () => {
    const made = await api.call('POST', '/api-keys', { name: 'another', scopes: ['controls:read'] });
    const another = { authorization: `Bearer ${made.body['api_key']}` };
    const { card, sample } = await api.newCard();
    shop(sample);
    await api.deliver(sample.message());
    const both = [{}, another].map((headers) => backtest({ card_id: card['card_id'], controls: [] }, headers));
    const statuses = (await Promise.all(both)).map(({ status, headers }) => [status, headers.get('retry-after')]);
    expect(statuses.toSorted()).toEqual([
      [200, null],
      [503, '1'],
    ]);
    expect((await backtest({ card_id: card['card_id'], controls: [] })).status).toBe(200);
  });

  const card_id = `card_${'0'.repeat(26)}`;
  test.each<[string, Json, number, string]>([
    ['of nothing', { controls: [] }, 422, 'body'],
    ['of two things', { controls: [], card_id, account_id: `acct_${'0'.repeat(26)}` }, 422, 'body'],
    ['without a draft', { card_id }, 422, 'controls'],
    ['of too many cards', { card_id, controls: [], sample: 1_001 }, 422, 'sample'],
    ['of a time that ends before it begins', { card_id, controls: [], from_ms: 2, until_ms: 1 }, 422, 'until_ms'],
    ['of a control that is out of contract', { card_id, controls: [atMost(0)] }, 422, 'controls[0].count'],
  ])('%s is refused by field', async (_, body, status, field) => {
    const refused = await backtest(body);
    expect(refused).toMatchObject({ status, body: { details: [{ field }] } });
  });

  test('of what does not exist is not found, and dates of the past are fine', async () => {
    const date = { any_of: [{ from: '2026-01-01', until: '2026-01-31' }] };
    const sale = { control_id: 'sale', does: 'block', applies_to: { date, time_zone: 'UTC' } };
    for (const [name, id] of [
      ['card_id', card_id],
      ['control_set_id', `cset_${'0'.repeat(26)}`],
      ['account_id', `acct_${'0'.repeat(26)}`],
    ] as const)
      expect(await backtest({ [name]: id, controls: [sale] })).toMatchObject({ status: 404 });
  });
});
