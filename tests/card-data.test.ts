// The canary on the whole system: a card number by whichever channel it comes in is neither kept nor sent on.

import { expect, test } from 'vitest';
import { cardData } from '../load/faults/card-data.ts';

test('X2: marked card numbers through every channel; nothing of them is found anywhere', async () => {
  await using parts = new AsyncDisposableStack();
  const { channels, searched, found, findings } = await cardData(parts, { progress: () => {} });
  expect(findings).toEqual([]);
  expect(channels.length).toBeGreaterThan(80);
  // The API refuses and counts; facts are taken and masked.
  expect(found['api_body refused']).toBeGreaterThan(10);
  expect(found['network_message masked']).toBeGreaterThan(0);
  expect(Object.keys(searched)).toEqual(
    expect.arrayContaining(['table', 'object', 'log', 'metrics', 'queue', 'partner']),
  );
}, 180_000);
