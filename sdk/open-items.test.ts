// What the SDK sends for open items, and what it makes of the answers.

import { expect, test } from 'vitest';
import { Atlas } from './atlas.ts';

function recording(answers: readonly object[]) {
  const sent: string[] = [];
  const left = [...answers];
  const atlas = new Atlas({
    ...{ baseUrl: 'https://api.test', apiKey: 'key_of_a_test', retries: 0 },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      sent.push([request.method, pathname + search, await request.text()].filter((part) => part !== '').join(' '));
      return Response.json(left.shift() ?? {});
    },
  });
  return { atlas, sent };
}

test('are listed over their pages, counted, read, and acted on, one or many', async () => {
  const { atlas, sent } = recording([
    { open_items: [{ open_item_id: 'oit_1' }], next_cursor: 'c1' },
    { open_items: [{ open_item_id: 'oit_2' }], next_cursor: null },
  ]);
  const ids: string[] = [];
  for await (const { open_item_id } of atlas.openItems.list({ kind: 'booked_twice', limit: 1 })) ids.push(open_item_id);
  expect(ids).toEqual(['oit_1', 'oit_2']);
  await atlas.openItems.counts();
  await atlas.openItems.retrieve('oit_1');
  await atlas.openItems.act('oit_1', 'post_at_rate', { reason: 'as agreed', input: { rate: '1.1' } });
  await atlas.openItems.actOnMany('try_again', { kind: 'dead_letter', reason: 'mended' });
  expect(sent).toEqual([
    'GET /open-items?kind=booked_twice&limit=1',
    'GET /open-items?kind=booked_twice&limit=1&cursor=c1',
    'GET /open-items/counts',
    'GET /open-items/oit_1',
    'POST /open-items/oit_1/actions/post_at_rate {"reason":"as agreed","input":{"rate":"1.1"}}',
    'POST /open-items/actions/try_again {"kind":"dead_letter","reason":"mended"}',
  ]);
});
