// After a restore of the database the edge decides by profiles that were never written here. Neither side is taken silently; a person says
// which holds, and both have it from then on.

import { beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleApi } from '../testing/sample-api.ts';
import type { SampleCard } from '../testing/sample-card.ts';

let api: SampleApi;
let card: SampleCard;
let cardId: string;

beforeEach(async () => {
  api = await SampleApi.start(await createTestDatabase());
  const made = await api.newCard();
  card = made.sample;
  cardId = String(made.card['card_id']);
  return () => api.close();
});

const items = async () => {
  const { body } = await api.call('GET', '/open-items?kind=profile_conflict');
  return body['open_items'] as { open_item_id: string; summary: string; card_key: string }[];
};

/** The edge has closed it by a version that this database does not have, and its event comes back. */
async function closedAtEdge(version: number): Promise<string> {
  card.putProfile({ version, status: 'closed' });
  api.edge.states.set(card.card_key, { state: card.state, nowMs: card.nowMs });
  const { profile } = card.state;
  if (profile !== null) api.edge.profiles.set(card.card_key, profile);
  await api.deliver(card.message());
  return (await items())[0]?.open_item_id ?? 'none';
}

const act = (id: string, action: string) =>
  api.call('POST', `/open-items/${id}/actions/${action}`, { reason: 'restored to 11:00', input: {} });
const here = async () => (await api.call('GET', `/cards/${cardId}`)).body;

test('a newer profile at the edge is a conflict, whoever finds it; a change here does not replace it, and is not taken for stored', async () => {
  await closedAtEdge(3);
  expect(await items()).toMatchObject([{ card_key: card.card_key }]);
  expect((await items())[0]?.summary).toContain('by profile 3; the newest one here is 1.');
  await api.call('PATCH', `/cards/${cardId}`, { funds_minor: 5_000 });
  expect(await here()).toMatchObject({ profile: { status: 'active' }, edge: { state: 'pending' } });
  expect(api.edge.profiles.get(card.card_key)).toMatchObject({ version: 3, status: 'closed' });
});

test('another profile of the same version is a conflict too, and never taken for stored', async () => {
  await closedAtEdge(2);
  await api.call('PATCH', `/cards/${cardId}`, { funds_minor: 5_000 });
  expect(await here()).toMatchObject({ profile: { version: 2 }, edge: { state: 'pending' } });
  expect(api.edge.profiles.get(card.card_key)).toMatchObject({ version: 2, status: 'closed' });
  expect(await items()).toHaveLength(1);
});

test.each([
  ['take_edges_profile', 'closed'],
  ['keep_our_profile', 'active'],
] as const)('%s: it is a version above both, here and at the edge', async (action, status) => {
  const id = await closedAtEdge(3);
  expect(await act(id, action)).toMatchObject({ status: 200, body: { result: { version: 4, status } } });
  expect(await items()).toEqual([]);
  expect(await here()).toMatchObject({ profile: { version: 4, status } });
  const { body } = await api.call('PATCH', `/cards/${cardId}`, { funds_minor: 7_000 });
  expect(body).toMatchObject({ profile: { status }, edge: { state: 'stored' } });
  expect(api.edge.profiles.get(card.card_key)).toMatchObject({ version: 5, status, funds_minor: 7_000 });
  const { body: audited } = await api.call('GET', `/audit-events?subject=${id}`);
  expect(audited['audit_events']).toMatchObject([{ action: `open_item.${action}`, reason: 'restored to 11:00' }]);
});
