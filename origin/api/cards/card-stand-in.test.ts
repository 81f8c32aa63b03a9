// What the edge may approve in a card's place, as an operator reads it.

import { expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleApi } from '../../testing/sample-api.ts';

test('what may be stood in for is read from the edge; 503 while it is away, 404 for a card that is not here', async () => {
  const api = await SampleApi.start(await createTestDatabase());
  const { card } = await api.newCard();
  const path = `/cards/${card['card_id']}/stand-in`;
  expect(await api.call('GET', path)).toMatchObject({
    status: 200,
    body: { card_id: card['card_id'], policy: 'stand_in', count: { limit: 3, used: 1, left: 2 } },
  });
  api.edge.away = true;
  expect(await api.call('GET', path)).toMatchObject({ status: 503, body: { error_code: 'edge_unavailable' } });
  api.edge.away = false;
  expect(await api.call('GET', `/cards/${newId('card')}/stand-in`)).toMatchObject({ status: 404 });
  await api.close();
});
