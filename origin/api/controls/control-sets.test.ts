import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { type Json, SampleApi } from '../../testing/sample-api.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  api.onAnswer = await answersHeldTo(api);
  return () => api.close();
});
beforeEach(() => {
  api.edge.away = false;
});

const perDay = (amount_minor: number, control_id = 'per-day') => ({
  control_id,
  does: 'limit',
  amount_minor,
  window: { per: 'day' },
});
const block = (category: Json, control_id = 'block') => ({ control_id, does: 'block', applies_to: { category } });
async function newSet(controls: Json[]): Promise<Json> {
  const { status, body } = await api.call('POST', '/control-sets', { name: 'everyday', controls });
  expect(status).toBe(201);
  return body;
}
const fieldsOf = (body: Json) => (body['details'] as Json[]).map(({ field }) => field);
const idsOf = (controls: unknown) => (controls as Json[]).map(({ control_id }) => control_id);

describe('control sets', () => {
  test('are made, read by version, and listed', async () => {
    const set = await newSet([perDay(100)]);
    const { control_set_id } = set;
    expect(set).toMatchObject({ name: 'everyday', version: 1, newest_version: 1, cards_by_version: [] });
    const second = await api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [perDay(200)] });
    expect(second).toMatchObject({ status: 201, body: { version: 2, controls: [{ amount_minor: 200 }] } });
    expect((await api.call('GET', `/control-sets/${control_set_id}`)).body).toEqual(second.body);
    const first = await api.call('GET', `/control-sets/${control_set_id}?version=1`);
    expect(first.body).toMatchObject({ version: 1, newest_version: 2, controls: [{ amount_minor: 100 }] });
    expect((await api.call('GET', `/control-sets/${control_set_id}?version=3`)).status).toBe(404);
    const { body } = await api.call('GET', '/control-sets?limit=100');
    expect(body['control_sets']).toContainEqual(expect.objectContaining({ control_set_id, newest_version: 2 }));
  });

  test('versions that are made at once get numbers of their own', async () => {
    const { control_set_id } = await newSet([]);
    const make = () => api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [] });
    const made = await Promise.all([make(), make(), make()]);
    expect(made.map(({ body }) => body['version']).toSorted()).toEqual([2, 3, 4]);
  });

  test("a card has its set's controls and then its own, and keeps its version until another is applied", async () => {
    const { control_set_id } = await newSet([perDay(100)]);
    const { card, sample } = await api.newCard({
      control_set: { control_set_id },
      controls: [block({ any_of: ['gambling'] })],
    });
    expect(card).toMatchObject({ control_set: { control_set_id, version: 1 } });
    expect(idsOf(card['controls'])).toEqual(['block']);
    expect(api.edge.profiles.get(sample.card_key)?.controls).toMatchObject([
      { control_id: 'per-day', amount_minor: 100 },
      { control_id: 'block', applies_to: { category: { any_of: ['7800-7802', '7995', '9406'] } } },
    ]);
    await api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [perDay(200), perDay(9, 'other')] });
    expect(api.edge.profiles.get(sample.card_key)?.version).toBe(1);

    const other = await api.newCard({ control_set: { control_set_id, version: 1 } });
    const bystander = await api.newCard();
    const applied = await api.call('POST', `/control-sets/${control_set_id}/versions/2/apply`);
    expect(applied).toMatchObject({ status: 200, body: { cards_moved: 2, cards_refused: 0, refused: [] } });
    for (const { sample: moved } of [{ sample }, other])
      expect(api.edge.profiles.get(moved.card_key)).toMatchObject({
        version: 2,
        controls: [
          { amount_minor: 200 },
          { control_id: 'other' },
          ...(moved === sample ? [{ control_id: 'block' }] : []),
        ],
      });
    expect(api.edge.profiles.get(bystander.sample.card_key)?.version).toBe(1);
    expect((await api.call('GET', `/control-sets/${control_set_id}`)).body['cards_by_version']).toEqual([
      { version: 2, cards: 2 },
    ]);
    // Once more moves nobody; an older one moves all of them back.
    expect((await api.call('POST', `/control-sets/${control_set_id}/versions/2/apply`)).body['cards_moved']).toBe(0);
    await api.call('POST', `/control-sets/${control_set_id}/versions/1/apply`);
    expect(api.edge.profiles.get(sample.card_key)).toMatchObject({ version: 3, controls: [{ amount_minor: 100 }, {}] });
  });

  test('a card that cannot have a version stays where it is, and is named', async () => {
    const { control_set_id } = await newSet([perDay(100)]);
    const shared = { control_set: { control_set_id } };
    const { card } = await api.newCard({ ...shared, controls: [perDay(5, 'mine')] });
    const other = await api.newCard(shared);
    await api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [perDay(200, 'mine')] });
    const { body } = await api.call('POST', `/control-sets/${control_set_id}/versions/2/apply`);
    const problem = 'names a control of the control set too';
    expect(body).toMatchObject({
      cards_moved: 1,
      cards_refused: 1,
      refused: [{ card_id: card['card_id'], details: [{ field: 'controls[0].control_id', problem }] }],
    });
    expect(api.edge.profiles.get(other.sample.card_key)).toMatchObject({ version: 2 });
  });

  test('changes of a card and of its set at the same time lose none of each other', async () => {
    const { control_set_id } = await newSet([perDay(100)]);
    const { card } = await api.newCard({ control_set: { control_set_id } });
    await api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [perDay(200)] });
    const [path, apply] = [`/cards/${card['card_id']}`, `/control-sets/${control_set_id}/versions/2/apply`];
    const answers = await Promise.all([
      api.call('PATCH', path, { funds_minor: 700 }),
      api.call('POST', apply),
      api.call('PATCH', path, { controls: [perDay(5, 'mine')] }),
      api.call('POST', apply),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.reduce((moved, { body }) => moved + Number(body['cards_moved'] ?? 0), 0)).toBe(1);
    const now = await api.call('GET', path);
    expect(now.body).toMatchObject({ profile: { version: 4, funds_minor: 700 }, control_set: { version: 2 } });
    expect(idsOf((now.body['profile'] as Json)['controls'])).toEqual(['per-day', 'mine']);
    const { rows } = await api.database.sql.query(
      'select version, control_set_version::int as of_set from card_profiles where card_id = $1 order by version',
      [card['card_id']],
    );
    expect(rows).toHaveLength(4);
  });

  test('with the edge away cards are moved all the same, and pushed when it is back', async () => {
    const { control_set_id } = await newSet([perDay(100)]);
    const { card } = await api.newCard({ control_set: { control_set_id } });
    await api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [] });
    api.edge.away = true;
    expect((await api.call('POST', `/control-sets/${control_set_id}/versions/2/apply`)).body['cards_moved']).toBe(1);
    expect((await api.call('GET', `/cards/${card['card_id']}`)).body).toMatchObject({
      control_set: { version: 2 },
      edge: { state: 'pending', version: 1 },
    });
  });

  test('what is written stays written, the database says', async () => {
    await newSet([]);
    for (const table of ['control_set_versions', 'card_profiles'])
      await expect(api.database.sql.query(`update ${table} set controls = '[]'`)).rejects.toThrow('permission denied');
  });
});

describe('a card', () => {
  test('is changed in parts: what is not named stays', async () => {
    const { control_set_id } = await newSet([perDay(100)]);
    const { card, sample } = await api.newCard({
      funds_minor: 900,
      hold_days: 3,
      control_set: { control_set_id },
      controls: [block({ any_of: ['gambling'] })],
    });
    const path = `/cards/${card['card_id']}`;
    const patch = { status: 'frozen', single_use: true, expected_version: 1 };
    expect(await api.call('PATCH', path, patch)).toMatchObject({
      status: 200,
      body: {
        profile: { version: 2, status: 'frozen', single_use: true, funds_minor: 900, hold_days: 3 },
        controls: [{ applies_to: { category: { any_of: ['gambling'] } } }],
        control_set: { control_set_id, version: 1 },
      },
    });
    expect(await api.call('PATCH', path, patch)).toMatchObject({
      status: 409,
      body: { error_code: 'profile_version_conflict' },
    });
    await api.call('PATCH', path, { control_set: null, partial_approval: true });
    expect(idsOf(api.edge.profiles.get(sample.card_key)?.controls)).toEqual(['block']);
    await api.call('PATCH', path, { controls: [] });
    expect(api.edge.profiles.get(sample.card_key)).toMatchObject({ version: 4, controls: [], status: 'frozen' });
  });

  test.each<[string, Json, string]>([
    ['nothing to change', {}, 'body'],
    ['only the version that was read', { expected_version: 1 }, 'body'],
    [
      'a set that does not exist',
      { control_set: { control_set_id: `cset_${'0'.repeat(26)}` } },
      'control_set.control_set_id',
    ],
    ['a status that does not exist', { status: 'paused' }, 'status'],
    ['days that no hold has', { hold_days: 40 }, 'hold_days'],
    ['a text for a truth', { single_use: 'yes' }, 'single_use'],
    ['money in parts of a cent', { funds_minor: 1.5 }, 'funds_minor'],
    [
      'an unknown category',
      { controls: [block({ any_of: ['5411', 'grocerys'] })] },
      'controls[0].applies_to.category.any_of[1]',
    ],
    [
      'a category that is no text',
      { controls: [block({ any_of: [5411] })] },
      'controls[0].applies_to.category.any_of[0]',
    ],
    [
      'a group inside what is excluded',
      { controls: [block({ any_of: ['airlines'], none_of: ['3000-3999', '4000-4999'] })] },
      'controls[0].applies_to.category.none_of',
    ],
    [
      'dates that are over',
      {
        controls: [
          {
            control_id: 'sale',
            does: 'block',
            applies_to: { date: { any_of: [{ until: '2026-01-31' }] }, time_zone: 'Europe/Berlin' },
          },
        ],
      },
      'controls[0].applies_to.date.any_of',
    ],
    [
      'a zone that does not exist',
      { controls: [{ ...perDay(1), window: { per: 'day', time_zone: 'Mars' } }] },
      'controls[0].window.time_zone',
    ],
    ['two controls of one name', { controls: [perDay(1), perDay(2)] }, 'controls[1].control_id'],
    ['a field that no control has', { controls: [{ ...perDay(1), colour: 'red' }] }, 'controls[0].colour'],
    ['something else than controls', { controls: 'none' }, 'controls'],
  ])('%s is refused by field, and the profile in force stays', async (_, patch, field) => {
    const { card } = await api.newCard();
    const refused = await api.call('PATCH', `/cards/${card['card_id']}`, patch);
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'field_invalid' } });
    expect(fieldsOf(refused.body)).toEqual([field]);
    expect((await api.call('GET', `/cards/${card['card_id']}`)).body).toMatchObject({ profile: { version: 1 } });
  });

  test('an unknown category comes with a suggestion', async () => {
    const { body } = await api.call('POST', '/control-sets', {
      name: 'x',
      controls: [block({ any_of: ['grocerys'] })],
    });
    expect(body['message']).toContain('did you mean "groceries"?');
  });

  test("a control that bears the name of one of its set's is refused", async () => {
    const { control_set_id } = await newSet([perDay(100)]);
    const { card } = await api.newCard({ control_set: { control_set_id } });
    const refused = await api.call('PATCH', `/cards/${card['card_id']}`, { controls: [perDay(1, 'a'), perDay(1)] });
    expect(fieldsOf(refused.body)).toEqual(['controls[1].control_id']);
  });
});

describe('what is left of a card’s controls', () => {
  test('stands beside each definition as it was written, with the set that it came from', async () => {
    const set = await newSet([perDay(5_000)]);
    const { control_set_id } = set;
    const { card, sample } = await api.newCard({
      control_set: { control_set_id },
      controls: [block({ any_of: ['gambling'] })],
    });
    sample.authorize(1_200);
    api.edge.states.set(sample.card_key, { state: sample.state, nowMs: sample.nowMs });
    const { status, body } = await api.call('GET', `/cards/${card['card_id']}/controls`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ card_id: card['card_id'], profile_version: 1, newest_version: 1 });
    expect(body['controls']).toMatchObject([
      {
        control_id: 'per-day',
        control_set: { control_set_id, version: 1 },
        definition: { does: 'limit', amount_minor: 5_000 },
        limit: { amount: { limit_minor: 5_000, used_minor: 1_200, left_minor: 3_800 }, count: null },
      },
      {
        control_id: 'block',
        control_set: null,
        definition: { applies_to: { category: { any_of: ['gambling'] } } },
        limit: null,
      },
    ]);
  });

  test('is not guessed while the edge is away, or does not know the card', async () => {
    const { card } = await api.newCard();
    const unknown = await api.call('GET', `/cards/${card['card_id']}/controls`);
    api.edge.away = true;
    for (const refused of [unknown, await api.call('GET', `/cards/${card['card_id']}/controls`)]) {
      expect(refused).toMatchObject({ status: 503, body: { error_code: 'edge_unavailable' } });
      expect(refused.headers.get('retry-after')).toBe('1');
    }
  });
});

test('categories are listed with their names, groups and Stripe words', async () => {
  const { body } = await api.call('GET', '/categories');
  const named = (body['categories'] as Json[]).find(({ code }) => code === '4121');
  expect(named).toEqual({
    code: '4121',
    name: expect.stringMatching(/taxi/i),
    groups: ['taxis'],
    stripe_words: ['taxicabs_limousines'],
  });
  expect(body['groups']).toContainEqual({ group: 'cruises', codes: ['4411'] });
});
