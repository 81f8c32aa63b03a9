import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readStoredEvent } from './stored-event.ts';

const request = {
  request_key: 'r1',
  authorization_key: 'a1',
  kind: 'authorization',
  amount_minor: 500,
  currency: 'USD',
  merchant: { id: 'M1', name: 'GROCER', category: '5411', country: 'US' },
  channel: 'pos',
  entry_mode: 'chip',
  card_present: true,
  partial_approval_capable: false,
};
const decision = {
  outcome: 'approved',
  approved_minor: 500,
  hold_minor: 500,
  reason: null,
  control_id: null,
  available_minor: null,
  profile_version: 1,
  trace: [],
};
const ids = { event_id: `evt_${'0'.repeat(26)}`, authorization_id: `auth_${'0'.repeat(26)}` };
const asked = (merchant: object) => ({
  ...{ sequence: 1, at_ms: 1, kind: 'authorization', ...ids, decision },
  effect: { hold_minor: 500, posted_minor: 0 },
  request: { ...request, merchant: { ...request.merchant, ...merchant } },
});
const cleared = (merchant: unknown, told: object = {}) => ({
  ...{ sequence: 2, at_ms: 1, kind: 'message', ...ids, effect: { hold_minor: -500, posted_minor: 500 } },
  message: {
    ...{
      kind: 'clearing',
      message_key: 'm1',
      currency: 'USD',
      authorization_key: 'a1',
      amount_minor: 500,
      final: true,
    },
    merchant,
    ...told,
  },
});

test('an event as it is written today is kept to the letter', () => {
  const raw = asked({ name: 'CAFÉ 😀' });
  expect(readStoredEvent(raw)).toEqual({ event: raw, raw });
});

test.each([
  ['S1: a name cut through an emoji', `${'A'.repeat(119)}\ud83d`, 'A'.repeat(119)],
  ['S2: a lone surrogate', 'A\ud83dB', 'AB'],
  ['S2: NUL and a line break', 'A\u0000\nB', 'A B'],
  ['a name that is too long', 'x'.repeat(500), 'x'.repeat(120)],
])('%s, written by an older edge, is read', (_, name, kept) => {
  for (const raw of [asked({ name }), cleared({ ...request.merchant, name })]) {
    const read = readStoredEvent(raw);
    if (!('event' in read)) throw new Error(read.error.message);
    expect(JSON.stringify(read.raw)).not.toMatch(/\\u0000|\\ud8/);
    expect(JSON.stringify(read.event)).toContain(`"name":"${kept}"`);
  }
});

test('odd decorations of any kind lose no event, and change nothing of its money', () => {
  const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.jsonValue());
  fc.assert(
    fc.property(odd, odd, odd, odd, (id, name, category, country) => {
      const merchant = { id, name, category, country };
      for (const raw of [
        asked(merchant),
        cleared(merchant),
        cleared(name, { occurred_at_ms: id, decided_by: category }),
      ]) {
        const read = readStoredEvent(raw);
        expect(read).toMatchObject({ event: { sequence: raw.sequence, effect: raw.effect } });
      }
    }),
  );
});

test('an odd amount, currency or key stays unreadable, with its name', () => {
  for (const told of [{ amount_minor: '5' }, { currency: 'usd' }, { message_key: 'a b' }])
    expect(readStoredEvent(cleared(null, told))).toMatchObject({
      error: { issues: [{ path: ['message', Object.keys(told)[0]] }] },
    });
});
