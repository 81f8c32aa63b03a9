// Card objects for tests: storage is shared by all tests of a file, so each test takes a card of its own.

import { env } from 'cloudflare:workers';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardEvent } from '../../contracts/card-event.ts';
import { fromJsonText, toJsonText } from '../../contracts/json-text.ts';
import { type CardKey, cardKey } from '../../contracts/network.ts';
import type { Profile } from '../../contracts/profile.ts';
import { profile } from '../../core/testing/samples.ts';
import type { AuthorizeAnswer } from '../card/card-object.ts';

/** The key of a card that nobody has called yet. */
export function newCardKey(): CardKey {
  return cardKey('native', `card-${crypto.randomUUID()}`);
}

/** A stub of its own for each call: one that saw its object die is broken. */
export function cardAt(key: CardKey) {
  return env.CARDS.getByName(key);
}

/** Asks a card as the worker does. */
export async function ask(
  card: ReturnType<typeof cardAt>,
  request: AuthorizationRequest,
  deadlineAtMs?: number,
): Promise<AuthorizeAnswer> {
  return fromJsonText<AuthorizeAnswer>(await card.authorize(toJsonText(request), deadlineAtMs));
}

/** The card as it stands, without how often it was asked, and what is already sent: the queue takes its own time. */
export async function standing(key: CardKey) {
  const { published_sequence: _, loaded_at_ms: __, requests_since_load: ___, ...card } = await cardAt(key).read();
  return card;
}

/** What an object's alarm is for, as its instant says it. */
export function promiseAt(alarmMs: number | null): 'sending' | 'upkeep' | null {
  if (alarmMs === null) return null;
  return alarmMs % 60_000 === 0 ? 'upkeep' : 'sending';
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
