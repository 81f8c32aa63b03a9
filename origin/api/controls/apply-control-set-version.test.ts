// A version of a control set is given to one card first, and then to the rest.

import { beforeAll, expect, test } from 'vitest';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleApi } from '../../testing/sample-api.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  api.onAnswer = await answersHeldTo(api);
  return () => api.close();
});

const perDay = (amount_minor: number, control_id = 'per-day') => ({
  ...{ control_id, does: 'limit', amount_minor },
  window: { per: 'day' },
});

test('a canary moves one card; those that refuse it do not count, and the rest moves by the same call', async () => {
  const set = { name: 'everyday', controls: [perDay(100)] };
  const { control_set_id } = (await api.call('POST', '/control-sets', set)).body;
  const shared = { control_set: { control_set_id } };
  const made = [];
  for (const controls of [[perDay(5, 'mine')], [], [], []])
    made.push((await api.newCard({ ...shared, controls })).card['card_id']);
  await api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [perDay(200, 'mine')] });
  const path = `/control-sets/${control_set_id}/versions/2/apply`;
  const { body } = await api.call('POST', `${path}?cards_max=1`);
  expect(body).toMatchObject({ cards_moved: 1, cards_left: 3 });
  const [canary] = body['moved'] as string[];
  const others = made.slice(1).filter((id) => id !== canary);
  expect((await api.call('GET', `/cards/${canary}`)).body['control_set']).toMatchObject({ version: 2 });
  for (const id of others)
    expect((await api.call('GET', `/cards/${id}`)).body['control_set']).toMatchObject({ version: 1 });
  const rest = await api.call('POST', path);
  expect(rest.body).toMatchObject({ cards_moved: 2, cards_refused: 1, cards_left: 1 });
  expect(rest.body['moved']).toEqual([...others].sort());
  expect(await api.call('POST', `${path}?cards_max=0`)).toMatchObject({ status: 422 });
});
