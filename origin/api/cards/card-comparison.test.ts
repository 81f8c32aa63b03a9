// A card at the edge beside its books: what is on its way is no difference, and what is none is named.

import { beforeEach, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import type { SampleCard } from '../../testing/sample-card.ts';

let api: SampleApi;
let sample: SampleCard;
let path: string;

/** The edge has the card as it stands. */
function atEdge(): void {
  api.edge.states.set(sample.card_key, { state: sample.state, nowMs: sample.nowMs });
  api.edge.logs.set(sample.card_key, sample.events);
}

beforeEach(async () => {
  api = await SampleApi.start(await createTestDatabase());
  const made = await api.newCard();
  sample = made.sample;
  path = `/cards/${made.card['card_id']}`;
  return () => api.close();
});

const compared = async () => (await api.call('GET', `${path}/comparison`)).body;

test('the same on both sides, in currencies that the card does not count too', async () => {
  sample.clear(sample.authorize(1_000), 400, false);
  sample.clear(null, 700, true, { currency: 'EUR' });
  await api.deliver(sample.message());
  atEdge();
  expect(await compared()).toMatchObject({
    ...{ verdict: 'same', differences: [] },
    edge: { held_minor: 600, posted_minor: 400, withheld_minor: 0, last_sequence: 4, profile_version: 1 },
    origin: { held_minor: 600, posted_minor: 400, applied_sequence: 4, seen_sequence: 4, profile_version: 1 },
  });
});

test('what the queue still has is under way, and reading the card again books it once', async () => {
  const key = sample.authorize(1_000);
  await api.deliver(sample.message());
  sample.clear(key, 900);
  atEdge();
  expect(await compared()).toMatchObject({ verdict: 'under_way', differences: [] });
  const reread = await api.call('POST', `${path}/reread`);
  expect(reread).toMatchObject({
    status: 200,
    body: { verdict: 'same', is_whole: true, events_taken: 1, origin: { held_minor: 0, posted_minor: 900 } },
  });
  const { body: audited } = await api.call('GET', `/audit-events?subject=${path.slice('/cards/'.length)}`);
  expect(audited['audit_events']).toContainEqual(
    expect.objectContaining({ action: 'card.reread', reason: '1 events' }),
  );
  expect(await api.deliver(sample.message())).toMatchObject({ status: 200 });
  expect((await api.call('POST', `${path}/reread`)).body).toMatchObject({ verdict: 'same', events_taken: 0 });
});

test('a newer profile is under way; a card that decides by one that nobody wrote here is not', async () => {
  await api.call('PATCH', path, { status: 'frozen' });
  atEdge();
  expect(await compared()).toMatchObject({ verdict: 'under_way', origin: { profile_version: 2 } });
  sample.putProfile({ version: 3 });
  await api.deliver(sample.message());
  atEdge();
  expect(await compared()).toMatchObject({
    verdict: 'differs',
    differences: [expect.stringMatching(/^The card decides by profile 3; the newest one here is 2\./)],
  });
});

test('a card that was set back differs; reading it again rebuilds it, and tells a person where it cannot', async () => {
  sample.authorize(1_000);
  await api.deliver(sample.message());
  atEdge();
  api.edge.logs.set(sample.card_key, sample.events.slice(0, 1));
  expect(await compared()).toMatchObject({
    verdict: 'differs',
    differences: ["The card's own log ends with event 1; event 2 came here. Its storage was set back."],
  });
  api.edge.fences = false;
  expect((await api.call('POST', `${path}/reread`)).body).toMatchObject({ verdict: 'differs', is_whole: false });
  const items = () => api.call('GET', '/open-items?kind=card_behind_ledger');
  expect((await items()).body['open_items']).toMatchObject([{ card_key: sample.card_key }]);
  api.edge.fences = true;
  expect((await api.call('POST', `${path}/reread`)).body).toMatchObject({ verdict: 'same', is_whole: true });
  const ids = sample.events.map(({ sequence, event_id }) => ({ sequence, event_id }));
  expect(api.edge.logs.get(sample.card_key)).toMatchObject(ids);
  expect((await items()).body['open_items']).toEqual([]);
});

test('sums that differ although both have the same events are named', async () => {
  sample.authorize(1_000);
  await api.deliver(sample.message());
  atEdge();
  await api.database.sql.query(`update authorizations set held_minor = 990`);
  expect(await compared()).toMatchObject({
    verdict: 'differs',
    differences: ['The card holds 1000 USD in minor units, and the books say 990.'],
  });
});

test('a card that the edge never heard of, an edge that is away, and a card that nobody made', async () => {
  expect(await compared()).toMatchObject({ verdict: 'unknown', edge: null });
  api.edge.away = true;
  for (const [method, action] of [
    ['GET', 'comparison'],
    ['POST', 'reread'],
  ] as const) {
    expect(await api.call(method, `${path}/${action}`)).toMatchObject({
      ...{ status: 503, body: { error_code: 'edge_unavailable' } },
    });
    expect(await api.call(method, `/cards/${newId('card')}/${action}`)).toMatchObject({ status: 404 });
  }
});
