// Card objects for tests: storage is shared by all tests of a file, so each test takes a card of its own.

import { env } from 'cloudflare:workers';
import type { CardEvent } from '../../contracts/card-event.ts';
import { type CardKey, cardKey } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import { profile } from '../../core/samples.ts';

/** The key of a card that nobody has called yet. */
export function newCardKey(): CardKey {
  return cardKey('native', `card-${crypto.randomUUID()}`);
}

/** A stub of its own for each call: one that saw its object die is broken. */
export function cardAt(key: CardKey) {
  return env.CARDS.getByName(key);
}

/** A new card with a profile. */
export async function newCard(changes: Partial<Profile> = {}): Promise<CardKey> {
  const key = newCardKey();
  await cardAt(key).putProfile(profile(changes));
  return key;
}

export async function eventsOf(key: CardKey): Promise<CardEvent[]> {
  const { events } = await cardAt(key).eventsAfter(0);
  return events as CardEvent[];
}

export function sequencesOf(events: readonly CardEvent[]): number[] {
  return events.map(({ sequence }) => sequence);
}

/** 1, 2, 3 … up to and with `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
