// Packing: in order, nothing left out, no message above the queue's bounds.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CardEventBody, CardEventsMessage } from '../../contracts/card-event.ts';
import { limits } from '../../contracts/limits.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { countingIds } from '../../core/testing/samples.ts';
import { packMessages } from './pack-messages.ts';

/** Rows whose events are about as large as asked for: the filler stands in a void's key. */
function rowsOf(fillers: readonly string[]): LoggedEvent[] {
  const freshIds = countingIds();
  return fillers.map((filler, index) => {
    const body: CardEventBody = {
      kind: 'void',
      event_id: freshIds().event_id,
      request_key: filler,
      authorization_id: null,
      authorization_key: null,
      voided_minor: 0,
      effect: { hold_minor: 0, posted_minor: 0 },
    };
    return { sequence: index + 1, at_ms: 1_000 + index, body };
  });
}

const head = { version: 1, card_key: 'native:card-1' } as const;
const pack = (fillers: readonly string[]) => [...packMessages(head, rowsOf(fillers))];
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;

test('no rows make no message', () => {
  expect(pack([])).toEqual([]);
});

test('an event is the row’s body with its number and its instant', () => {
  const [row] = rowsOf(['r1']);
  expect(pack(['r1'])).toEqual([
    { version: 1, card_key: 'native:card-1', events: [{ sequence: 1, at_ms: 1_000, ...row?.body }] },
  ]);
});

test('as many events as a message may hold make one message, one more makes two halves', () => {
  const full = Array.from({ length: limits.eventsPerMessageMax }, () => 'r');
  expect(pack(full)).toHaveLength(1);
  expect(pack([...full, 'r'])).toHaveLength(2);
});

test.each([
  ['of one byte each', 'a'],
  ['of two bytes each', 'é'],
  ['of three bytes each', '€'],
])('a message of characters %s is as large as it may be, and one byte more makes two', (_, character) => {
  const empty = bytesOf(pack(['', ''])[0]);
  const room = limits.messageBytesMax - empty;
  const filler = character.repeat(Math.floor(room / bytesOf(character)));
  const rest = 'b'.repeat(room - (bytesOf(filler) - 2));
  expect(bytesOf(pack([filler, rest])[0])).toBe(limits.messageBytesMax);
  expect(pack([filler, rest])).toHaveLength(1);
  expect(pack([filler, `${rest}b`])).toHaveLength(2);
});

test('a hundred purchases, with the traces of each, are one message: they are measured once and sent once', () => {
  const rows = rowsOf(Array.from({ length: limits.eventsPerMessageMax }, () => 'x'.repeat(850)));
  expect(bytesOf(rows[0])).toBeGreaterThan(1_050);
  const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  const beside = { traces: new Map(rows.map(({ sequence }) => [sequence, trace])), answered_ms: new Map([[7, 4]]) };
  const [message, ...others] = packMessages(head, rows, beside);
  expect(others).toEqual([]);
  expect(bytesOf(message)).toBeGreaterThan(limits.messageBytesMax * 0.9);
});

test('two events of the largest body that may come in do not travel together', () => {
  const big = 'x'.repeat(limits.bodyBytesMax);
  expect(pack([big, big])).toHaveLength(2);
});

test('an event above a message’s size is sent all the same: what was answered is never kept back', () => {
  const huge = 'x'.repeat(limits.messageBytesMax + 1);
  expect(pack(['r', huge, 'r']).flatMap(({ events }) => events.map(({ sequence }) => sequence))).toEqual([1, 2, 3]);
});

test('any rows: all of them in order, and every message within the queue’s 128 KB and its count', () => {
  // Three bytes a character in UTF-8: sizes are counted in bytes, not in characters.
  const filler = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 255 }).map((length) => 'r'.repeat(length)) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }).map((length) => '€'.repeat(length)) },
  );
  fc.assert(
    fc.property(fc.array(filler, { maxLength: 250 }), (fillers) => {
      const messages = pack(fillers);
      const sequences = messages.flatMap(({ events }) => events.map(({ sequence }) => sequence));
      expect(sequences).toEqual(fillers.map((_, index) => index + 1));
      for (const message of messages) {
        expect(message.events.length).toBeLessThanOrEqual(limits.eventsPerMessageMax);
        expect(bytesOf(message)).toBeLessThan(128_000);
      }
    }),
    { numRuns: 50 },
  );
});

test('how long a request waited stands beside its own event, in whatever message that is', () => {
  const large = 'x'.repeat(limits.messageBytesMax - 300);
  const waits = new Map([
    [1, 4],
    [3, 0],
    [9, 7],
  ]);
  const messages = packMessages(head, rowsOf(['r1', large, 'r3']), {
    traces: new Map(),
    answered_ms: waits,
  });
  expect((messages as CardEventsMessage[]).map(({ answered_ms }) => answered_ms)).toEqual([
    { 1: 4 },
    undefined,
    { 3: 0 },
  ]);
  expect(
    packMessages(head, rowsOf(['r1']), { traces: new Map(), answered_ms: new Map([[2, 5]]) })[0],
  ).not.toHaveProperty('answered_ms');
});
