// atlas queue status beside an origin that answers /health and /metrics, and has as many cards with a gap as the test says.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from './connection.ts';
import { queueStatus } from './queue.ts';

let gaps = 0;
let unknown = 0;
let profiles = 0;
const origin = createServer(({ url }, response) =>
  response.end(
    url === '/health'
      ? JSON.stringify({ dependencies: [], loops: [] })
      : url?.startsWith('/cards') === true
        ? JSON.stringify({
            cards: [{ card_id: `card_${new URLSearchParams(url.split('?')[1]).get('waiting')}` }],
            next_cursor: null,
          })
        : `origin_waiting{what="card_profiles"} ${profiles}\norigin_waiting{what="cards_with_gap"} ${gaps}\norigin_waiting{what="unknown_cards_with_gap"} ${unknown}\n`,
  ),
);
beforeAll(() => new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => origin.close(resolve)));

async function said(): Promise<string> {
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const ask = queueStatus.read([]);
  return (await ask(() => connect({ url, key: 'any' }, {}))).text;
}

test('queue status: where cards have a gap, it says by which command one finds them', async () => {
  expect(await said()).not.toMatch(/reconcile|card_/);
  profiles = 7;
  gaps = 3;
  unknown = 2;
  const text = await said();
  expect(text).toMatch(/^cards with gap +3$/m);
  expect(text).toContain(
    'cards that wait for an event, the longest first:\n  card_events\n2 of them nobody has made here',
  );
  expect(text).toContain('the edge lacks, the longest first:\n  card_profile\n');
  expect(text).toContain('All cards that have a gap: atlas reconcile. Then: ops/runbooks/card-events-missing.md.');
});
