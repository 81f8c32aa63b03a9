// A version of a control set on its way to the cards: some percent first, paused, gone on with, undone.

import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { running } from '../../../scripts/test-repair.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { createDistributions, distributePage } from '../../controls/distribute.ts';
import { type Json, SampleApi } from '../../testing/sample-api.ts';

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

/** A set of two versions, and so many cards at the first. */
async function setOf(cards: number) {
  const { control_set_id } = (await api.call('POST', '/control-sets', { name: 's', controls: [perDay(100)] })).body;
  const id = String(control_set_id);
  const made = await Promise.all(Array.from({ length: cards }, () => api.newCard({ control_set: { control_set_id } })));
  await api.call('POST', `/control-sets/${id}/versions`, { controls: [perDay(200)] });
  return { id, cards: made.map(({ card }) => String(card['card_id'])), samples: made.map(({ sample }) => sample) };
}
const apply = async (id: string, version: number, query = '') =>
  (await api.call('POST', `/control-sets/${id}/versions/${version}/apply${query}`)).body;
const distribution = async (id: string, what = '') =>
  await api.call(what === '' ? 'GET' : 'POST', `/control-sets/${id}/distribution${what}`);
async function versionsOf(id: string) {
  const { body } = await api.call('GET', `/control-sets/${id}`);
  return Object.fromEntries((body['cards_by_version'] as Json[]).map(({ version, cards }) => [version, cards]));
}
const cardsAt = async (id: string, version: number) => {
  const { rows } = await api.database.sql.query<{ card_id: string }>(
    'select card_id from cards where control_set_id = $1 and control_set_version = $2',
    [id, version],
  );
  return new Set(rows.map(({ card_id }) => card_id));
};

test('some percent, then more: the same cards and others, by a hash; then all', async () => {
  const { id } = await setOf(40);
  const first = await apply(id, 2, '?percent=30');
  const canaries = await cardsAt(id, 2);
  // A hash of 40 cards: 12 on average; that none or all are below 30 in a hundred happens once in a million sets.
  expect(canaries.size).toBeGreaterThan(0);
  expect(canaries.size).toBeLessThan(40);
  expect(first['distribution']).toMatchObject({
    ...{ version: 2, version_before: 1, only_version: null, percent: 30, state: 'done' },
    ...{ cards_to_move: canaries.size, cards_moved: canaries.size, cards_refused: 0 },
  });
  expect(await apply(id, 2, '?percent=30')).toMatchObject({ cards_moved: 0 });
  expect(await apply(id, 2, '?percent=10')).toMatchObject({ cards_moved: 0, distribution: { percent: 30 } });
  await apply(id, 2, '?percent=60');
  const more = await cardsAt(id, 2);
  expect([...canaries].every((card) => more.has(card))).toBe(true);
  expect(more.size).toBeGreaterThan(canaries.size);
  const all = await apply(id, 2);
  expect(all['distribution']).toMatchObject({ distribution_no: 1, percent: 100, cards_to_move: 40, cards_moved: 40 });
  expect(await versionsOf(id)).toEqual({ 2: 40 });
});

test('paused it moves nobody, whoever asks; the same call goes on where it was', async () => {
  const { id } = await setOf(3);
  await apply(id, 2, '?percent=1');
  await api.database.sql.query(
    `update control_set_distributions set state = 'running', percent = 100 where control_set_id = $1`,
    [id],
  );
  expect((await distribution(id, '/pause')).body).toMatchObject({ state: 'paused', version: 2 });
  expect((await distribution(id, '/pause')).status).toBe(200);
  expect(await distributePage(api.database, id)).toBeNull();
  const before = await cardsAt(id, 2);
  await running(createDistributions({ database: api.database, log: pino({ level: 'silent' }) }), async () => {
    const loops = await setOf(1);
    await apply(loops.id, 2);
    await until(
      () => versionsOf(loops.id),
      (versions) => versions[2] === 1,
    );
  });
  expect(await cardsAt(id, 2)).toEqual(before);
  expect((await apply(id, 2))['distribution']).toMatchObject({ state: 'done', cards_moved: 3, distribution_no: 1 });
  expect((await distribution(id, '/pause')).body).toMatchObject({ error_code: 'distribution_over' });
});

test('what an answer does not wait for is done by the loop, by any process, from where it came to', async () => {
  const { id } = await setOf(7);
  await apply(id, 2, '?percent=1');
  const { rows } = await api.database.sql.query<{ card_id: string }>(
    'select card_id from cards where control_set_id = $1 order by card_id',
    [id],
  );
  // As of a process that died after its page: four cards were looked at.
  await api.database.sql.query(
    `update control_set_distributions set state = 'running', percent = 100, after_card_id = $2, cards_to_move = 7 where control_set_id = $1`,
    [id, rows[3]?.card_id],
  );
  const log = pino({ level: 'silent' });
  const two = [1, 2].map(() => createDistributions({ database: api.database, log }));
  for (const loop of two) loop.start();
  await until(
    async () => (await distribution(id)).body['state'],
    (state) => state === 'done',
  );
  await Promise.all(two.map((loop) => loop.stop()));
  const moved = await cardsAt(id, 2);
  expect(rows.slice(4).every(({ card_id }) => moved.has(card_id))).toBe(true);
});

test('undone: every card that has it gets the controls of before, under a new version that is the newest', async () => {
  const { id, samples } = await setOf(30);
  await apply(id, 2, '?percent=40');
  const canaries = await cardsAt(id, 2);
  const undone = await distribution(id, '/undo');
  expect(undone.body).toMatchObject({ version: 3, only_version: 2, state: 'running', cards_to_move: canaries.size });
  const log = pino({ level: 'silent' });
  await running(createDistributions({ database: api.database, log }), () =>
    until(
      () => versionsOf(id),
      (versions) => versions[2] === undefined,
    ),
  );
  expect(await cardsAt(id, 3)).toEqual(canaries);
  expect((await cardsAt(id, 1)).size).toBe(30 - canaries.size);
  const read = async (version: number) =>
    (await api.call('GET', `/control-sets/${id}?version=${version}`)).body['controls'];
  expect(await read(3)).toEqual(await read(1));
  const { card } = await api.newCard({ control_set: { control_set_id: id } });
  expect(card['control_set']).toMatchObject({ version: 3 });
  // Sent again, as after an answer that was lost: it is not the undone one that comes back.
  expect((await distribution(id, '/undo')).body).toMatchObject({ distribution_no: 2, version: 3 });
  expect(samples).toHaveLength(30);
});

test('a percentage that is no card at all, then all: what was there before comes back', async () => {
  // Of one card 1 percent is none, but once in a hundred sets.
  const sets = await Promise.all(Array.from({ length: 5 }, () => setOf(1)));
  const moved = await Promise.all(sets.map(async ({ id }) => (await apply(id, 2, '?percent=1'))['cards_moved']));
  const { id } = sets[moved.indexOf(0)] ?? { id: 'no set' };
  expect(await apply(id, 2)).toMatchObject({ cards_moved: 1, distribution: { version_before: 1, percent: 100 } });
  expect((await distribution(id, '/undo')).body).toMatchObject({ version: 3, only_version: 2, cards_to_move: 1 });
});

test('nothing to read, to pause or to undo is said by name', async () => {
  const { id } = await setOf(0);
  for (const what of ['', '/pause', '/undo'])
    expect((await distribution(id, what)).body).toMatchObject({ error_code: 'distribution_not_found' });
  await apply(id, 2);
  expect((await distribution(id, '/undo')).body).toMatchObject({ error_code: 'distribution_not_undoable' });
  expect(await apply(id, 2, '?percent=5&cards_max=1')).toMatchObject({ error_code: 'field_invalid' });
  for (const percent of ['0', '101', '0.5', 'x'])
    expect(await apply(id, 2, `?percent=${percent}`)).toMatchObject({ error_code: 'field_invalid' });
});

test('another version ends the one that is on its way; cards that refuse are named there too', async () => {
  const { id } = await setOf(2);
  const { card } = await api.newCard({
    control_set: { control_set_id: id, version: 1 },
    controls: [perDay(5, 'mine')],
  });
  await api.call('POST', `/control-sets/${id}/versions`, { controls: [perDay(200, 'mine')] });
  await apply(id, 2, '?percent=1');
  await api.database.sql.query(`update control_set_distributions set state = 'running' where control_set_id = $1`, [
    id,
  ]);
  expect((await apply(id, 3))['distribution']).toMatchObject({
    ...{ distribution_no: 2, version: 3, state: 'done', cards_refused: 1 },
    refused: [{ card_id: card['card_id'], details: [{ field: 'controls[0].control_id' }] }],
  });
  const { rows } = await api.database.sql.query(
    'select state from control_set_distributions where control_set_id = $1 order by distribution_no',
    [id],
  );
  expect(rows).toEqual([{ state: 'replaced' }, { state: 'done' }]);
});
