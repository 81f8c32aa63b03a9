import { describe, expect, test } from 'vitest';
import { SampleCard } from '../testing/sample-card.ts';
import { isReadMessage, readMessage } from './read-message.ts';

function sample(): SampleCard {
  const card = new SampleCard('tok');
  card.clear(card.authorize(50), 50);
  return card;
}

/** What a message reads as: each event's number, `?` where it is unreadable, and the reasons of the dead letters. */
function read(body: unknown, after?: number) {
  const message = readMessage(body, after);
  if (!isReadMessage(message)) return { reason: message.reason };
  return {
    events: message.events.map(({ sequence, event }) => `${sequence}${event === null ? '?' : ''}`).join(' '),
    reasons: message.dead_letters.map(({ reason }) => reason),
  };
}

describe('readMessage', () => {
  test('reads what the edge sends', () => {
    expect(read(sample().message())).toEqual({ events: '1 2 3', reasons: [] });
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^message: /],
    ['a text', 'hello', /^message: /],
    ['an unknown version of nobody', { ...sample().message(), version: 2, card_key: 7 }, /^version: /],
    ['a version that is none', { ...sample().message(), version: 'two' }, /^version: /],
    ['what is no network', { ...sample().message(), card_key: 'Visa Inc:tok' }, /^card_key: /],
    ['no events', { ...sample().message(), events: [] }, /^events: /],
  ])('%s is a dead letter that names the field', (_, body, reason) => {
    expect(read(body)).toEqual({ reason: expect.stringMatching(reason) });
  });

  test('one unreadable event keeps its place, is a dead letter of its own, and stands in no other event’s way', () => {
    const message = sample().message();
    const events = message.events.map((event) => (event.sequence === 2 ? { ...event, kind: 7 } : event));
    expect(read({ ...message, events })).toEqual({ events: '1 2? 3', reasons: [expect.stringMatching(/^kind: /)] });
  });

  test('without a number an event from the queue has no place; in a page of the card’s log its position says it', () => {
    const message = sample().message();
    const events = message.events.map((event) => (event.sequence === 2 ? { broken: true } : event));
    expect(read({ ...message, events })).toMatchObject({ events: '1 3' });
    expect(read({ ...message, events }, 0)).toMatchObject({ events: '1 2? 3' });
  });

  test('a dead letter of one event is a message again, whole', () => {
    const { version, card_key } = sample().message();
    const body = { version, card_key, events: [{ sequence: 1, odd: 'é\u0000"\\' }] };
    const message = readMessage(body);
    if (!isReadMessage(message)) throw new Error('expected a message');
    expect(JSON.parse(message.dead_letters[0]?.message ?? '')).toEqual(body);
  });

  test('what nests too deep for JSON is kept all the same', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    expect(read(deep)).toEqual({ reason: expect.any(String) });
  });
});
