// What the SDK sends to find a card, and what it makes of the answers.

import { expect, test } from 'vitest';
import type { Profile } from '../contracts/profile.ts';
import { Atlas } from './atlas.ts';
import type { CardProfile } from './cards.ts';

type SameNames<A, B> = [keyof A] extends [keyof B] ? ([keyof B] extends [keyof A] ? true : false) : false;

test('a card is found by its network’s token, and read by its id', async () => {
  const sent: string[] = [];
  const atlas = new Atlas({
    ...{ baseUrl: 'https://api.test', apiKey: 'key_of_a_test', retries: 0 },
    fetch: (input, init) => {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      sent.push(`${request.method} ${pathname}${search}`);
      return Promise.resolve(Response.json({ card_id: 'card_1', cards: [{ card_id: 'card_1' }], next_cursor: null }));
    },
  });
  const { items } = await atlas.cards.list({ card_token: 'tok/1', network: 'marqeta' }).page();
  expect(items).toEqual([{ card_id: 'card_1' }]);
  expect(await atlas.cards.retrieve('card_1')).toMatchObject({ card_id: 'card_1' });
  expect(sent).toEqual(['GET /cards?card_token=tok%2F1&network=marqeta', 'GET /cards/card_1']);
  const profile: SameNames<CardProfile, Profile> = true;
  expect(profile).toBe(true);
});
