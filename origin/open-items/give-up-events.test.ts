// give_up_events: a card that was set back, and of whose past an event is not here, goes on by a person's word; and so does a stream whose
// events never came.

import { beforeEach, expect, test } from 'vitest';
import type { CardEvent } from '../../contracts/card-event.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleApi } from '../testing/sample-api.ts';
import type { SampleCard } from '../testing/sample-card.ts';

let api: SampleApi;
let card: SampleCard;
let path: string;

beforeEach(async () => {
  api = await SampleApi.start(await createTestDatabase());
  const made = await api.newCard();
  card = made.sample;
  path = `/cards/${made.card['card_id']}`;
  return () => api.close();
});

const reread = async () => (await api.call('POST', `${path}/reread`)).body;

async function itemOf(kind: string): Promise<string> {
  const { body } = await api.call('GET', `/open-items?kind=${kind}`);
  return (body['open_items'] as { open_item_id: string }[])[0]?.open_item_id ?? 'none';
}

const act = (id: string, events: number) =>
  api.call('POST', `/open-items/${id}/actions/give_up_events`, { reason: 'nobody has them', input: { events } });

const health = async () => {
  const { body } = await api.call('GET', '/health');
  const { dependencies, fenced_cards } = body as {
    dependencies: { name: string; status: string }[];
    fenced_cards: unknown;
  };
  return [dependencies.find(({ name }) => name === 'fenced cards')?.status, fenced_cards];
};

const atEdge = (log: readonly unknown[]) => void api.edge.logs.set(card.card_key, log as CardEvent[]);

async function booked() {
  const { rows } = await api.database.sql.query<{ applied_sequence: string; seen_sequence: string }>(
    'select applied_sequence, seen_sequence from card_streams where card_token = $1',
    [card.card_token],
  );
  return rows.map((row) => [Number(row.applied_sequence), Number(row.seen_sequence)])[0];
}

test('a card that was set back goes on without an event that never came and one that nobody can read, once a person has said how many', async () => {
  for (const amount of [100, 200, 300, 400, 500]) card.clear(null, amount);
  const { events } = card;
  // Event 3 never came, and event 5 is nothing that anybody has written.
  await api.deliver(card.message(1, 2, 4, 6));
  await api.deliver({ version: 1, card_key: card.card_key, events: [{ sequence: 5, odd: true }] });
  expect(await health()).toEqual(['healthy', { cards: 0, oldest_age_ms: 0 }]);
  atEdge(events.slice(0, 2));
  expect(await reread()).toMatchObject({ is_whole: false });
  expect(await health()).toEqual(['degraded', { cards: 1, oldest_age_ms: expect.any(Number) }]);
  const id = await itemOf('card_behind_ledger');

  const refused = await act(id, 1);
  expect(refused.status).toBe(422);
  expect(JSON.stringify(refused.body)).toContain('must be 2: lacking is event 3, 5');
  expect(await booked()).toEqual([2, 6]);
  expect(await act(id, 2)).toMatchObject({ status: 200, body: { result: { given_up: [3, 5] } } });
  expect(await booked()).toEqual([6, 6]);

  expect(await reread()).toMatchObject({ is_whole: true });
  const log = api.edge.logs.get(card.card_key) as CardEvent[];
  expect(log.map(({ sequence, kind }) => `${sequence} ${kind}`)).toEqual([
    '1 profile',
    '2 message',
    '3 void',
    '4 message',
    '5 void',
    '6 message',
  ]);
  const moves = (event: CardEvent) => ('effect' in event ? event.effect.posted_minor : null);
  expect(log.map(moves)).toEqual([null, 100, 0, 300, 0, 500]);
  expect(await health()).toEqual(['healthy', { cards: 0, oldest_age_ms: 0 }]);
  const { body } = await api.call('GET', `/audit-events?subject=${id}`);
  expect(body['audit_events']).toMatchObject([{ action: 'open_item.give_up_events', reason: 'nobody has them' }]);
});

test('an event that only the origin cannot read comes back as the card wrote it', async () => {
  card.clear(null, 100);
  const odd = { ...card.events[1], effect: 'unknown' };
  await api.deliver(card.message(1));
  await api.deliver({ version: 1, card_key: card.card_key, events: [odd] });
  expect(await booked()).toEqual([2, 2]);
  atEdge([]);
  expect(await reread()).toMatchObject({ is_whole: true });
  expect(api.edge.logs.get(card.card_key)).toEqual([card.events[0], odd]);
});

test('what the card itself still has is not given up; what it has no longer is, and the stream goes on', async () => {
  for (const amount of [100, 200, 300]) card.clear(null, amount);
  await api.deliver(card.message(1));
  atEdge(card.events);
  api.edge.trimmed.set(card.card_key, 4);
  expect(await reread()).toMatchObject({ is_whole: false });
  const id = await itemOf('card_events_lost');
  api.edge.trimmed.delete(card.card_key);
  const there = await act(id, 2);
  expect(JSON.stringify(there.body)).toContain('no event is lacking');
  await api.deliver(card.message(4));
  expect(JSON.stringify((await act(id, 2)).body)).toContain('the card has event 2, 3; read it again instead');
  api.edge.trimmed.set(card.card_key, 4);
  expect(await act(id, 2)).toMatchObject({ status: 200, body: { result: { given_up: [2, 3] } } });
  expect(await booked()).toEqual([4, 4]);
  // The card has what it has: what stands for the lost ones is in the books alone.
  expect(await reread()).toMatchObject({ is_whole: true });
});

test('a card that the edge cannot be asked about keeps what it waits for', async () => {
  card.clear(null, 100);
  await api.deliver(card.message(1));
  atEdge(card.events);
  api.edge.trimmed.set(card.card_key, 3);
  await reread();
  const id = await itemOf('card_events_lost');
  api.edge.away = true;
  expect((await act(id, 1)).status).toBeGreaterThanOrEqual(409);
  api.edge.away = false;
  expect(await booked()).toEqual([1, 1]);
});

test('an event of a newer release: handed in again it waits as before, and it is given up where no release ever reads it', async () => {
  for (const amount of [100, 200, 300]) card.clear(null, amount);
  const newer = card.events.map((event) => (event.sequence === 3 ? { ...event, kind: 'seizure' } : event));
  atEdge(newer);
  await api.deliver({ ...card.message(), events: newer });
  expect(await booked()).toEqual([2, 4]);
  const id = await itemOf('event_of_newer_release');
  const again = () => api.call('POST', `/open-items/${id}/actions/try_again`, { reason: 'upgraded', input: {} });
  // This release still cannot.
  expect((await again()).status).toBe(422);
  expect(await booked()).toEqual([2, 4]);
  expect((await act(id, 2)).status).toBe(422);
  expect(await act(id, 1)).toMatchObject({ status: 200, body: { result: { given_up: [3] } } });
  expect(await booked()).toEqual([4, 4]);
  // Once more from the queue: it waits no more, and is no item again.
  await api.deliver({ ...card.message(), events: newer });
  expect(await booked()).toEqual([4, 4]);
  const { body } = await api.call('GET', '/open-items?kind=event_of_newer_release&status=open');
  expect(body['open_items']).toEqual([]);
});
