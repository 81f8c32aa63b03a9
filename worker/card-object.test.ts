// Where a card's object is placed: near those who call for its network.

import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { Network } from '../contracts/network.ts';
import { cardObject } from './card-object.ts';

test.each<[Network, Readonly<Record<string, string>>, object]>([
  ['marqeta', {}, {}],
  ['marqeta', { CARD_LOCATION_HINT: 'weur' }, { locationHint: 'weur' }],
  ['marqeta', { CARD_LOCATION_HINT: 'weur', MARQETA_LOCATION_HINT: 'enam' }, { locationHint: 'enam' }],
  ['native', { CARD_LOCATION_HINT: 'weur', MARQETA_LOCATION_HINT: 'enam' }, { locationHint: 'weur' }],
  ['native', { NATIVE_LOCATION_HINT: 'apac' }, { locationHint: 'apac' }],
])('a card of %s under %j is asked for with %j', (network, settings, expected) => {
  const asked: unknown[] = [];
  const CARDS = { getByName: (name: string, options: unknown) => asked.push([name, options]) };
  cardObject({ ...env, ...settings, CARDS } as unknown as typeof env, network, 'tok_1');
  expect(asked).toEqual([[`${network}:tok_1`, expected]]);
});
