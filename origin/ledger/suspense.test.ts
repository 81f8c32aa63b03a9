// Suspense (X8): seen in /health and in the metrics, by currency, and degraded beyond its bound.

import { expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { SampleWorld } from '../testing/sample-world.ts';
import { muchSuspense } from './suspense.ts';

const usd = (posted_minor: bigint, held_minor = 0n) => [{ currency: 'USD', posted_minor, held_minor }];

test.each([
  ['nothing', [], null],
  ['a hundred thousand dollars', usd(10_000_000n), null],
  ['a cent more', usd(10_000_001n), '100000.01 USD'],
  ['of which some is held', usd(9_999_999n, 2n), '100000.01 USD'],
  ['as much in refunds', usd(-10_000_001n), '-100000.01 USD'],
  ['ten trillion', usd(1_000_000_000_000_000n), '10000000000000.00 USD'],
  ['more than a double holds', usd(10n ** 18n), '1000000000000000000 minor units of USD'],
])('X8: %s', (_, suspense, said) => {
  const much = muchSuspense(suspense, new Map());
  if (said === null) expect(much).toBeNull();
  else expect(much).toBe(`money belongs to nobody known: ${said} in suspense`);
});

test('X8: a setting moves the bound of its currency', () => {
  expect(muchSuspense(usd(5_001n), new Map([['USD', 5_000]]))).toContain('50.01 USD');
  expect(muchSuspense(usd(5_000n), new Map([['USD', 5_000]]))).toBeNull();
});

test('X8: a clearing on a card that nobody knows is seen in /health and in the metrics, and much of it is degraded', async () => {
  const world = await SampleWorld.start(await createTestDatabase());
  const health = async () => JSON.parse((await world.api.call('GET', '/health')).text);
  expect((await health()).suspense).toEqual([]);
  const card = new SampleCard('nobody', null);
  const cleared = { kind: 'clearing', currency: 'USD', authorization_key: null, final: true, merchant: null } as const;
  card.receive({ ...cleared, message_key: 'm1', amount_minor: 10_000_000 });
  await world.api.deliver(card.message());
  const little = await health();
  expect(little.suspense).toEqual([{ currency: 'USD', posted_minor: 10_000_000, held_minor: 0 }]);
  expect(little.dependencies.map(({ name }: { name: string }) => name)).not.toContain('suspense');
  card.receive({ ...cleared, message_key: 'm2', amount_minor: 1 });
  await world.api.deliver(card.message());
  expect(await health()).toMatchObject({ status: 'degraded' });
  expect((await health()).dependencies).toContainEqual({
    ...{ name: 'suspense', status: 'degraded', latency_ms: 0 },
    error: 'money belongs to nobody known: 100000.01 USD in suspense',
  });
  await world.api.close();
});
