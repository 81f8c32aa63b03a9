// What two authorizations come to once they turn out to be one, apart from what is held (`joins.test.ts`).

import { describe, expect, test } from 'vitest';
import { noonMs, request } from '../testing/samples.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { joined } from './joined.ts';
import { subjectOf } from './subject.ts';

const id = (number: number) => `auth_${String(number).padStart(26, '0')}` as const;
const at = (number: number, ms: number, changes: Partial<Authorization> = {}): Authorization => ({
  ...newAuthorization(id(number), noonMs + ms, 'USD'),
  ...changes,
});
const inCountry = (country: string) =>
  subjectOf(request({ merchant: { id: null, name: null, category: null, country } }));
const [ofOne, ofOther] = [inCountry('US'), inCountry('CA')];

test('amounts and counts are added, and the later instant is kept', () => {
  const one = { approved_minor: 1, advised: 2, cleared_minor: 3, refunded_minor: 4, touched_ms: 50, expires_at_ms: 60 };
  const other = {
    approved_minor: 10,
    advised: 20,
    cleared_minor: 30,
    refunded_minor: 40,
    touched_ms: 5,
    expires_at_ms: 6,
  };
  for (const [first, second] of [
    [one, other],
    [other, one],
  ])
    expect(joined(at(1, 0, first), at(2, 1, second))).toMatchObject({
      ...{ approved_minor: 11, advised: 22, cleared_minor: 33, refunded_minor: 44 },
      ...{ touched_ms: 50, expires_at_ms: 60 },
    });
});

test.each([
  ['the older is given first', 0, 1],
  ['the older is given last', 1, 0],
  ['both are as old', 0, 0],
])('%s: under the id of the first that is given, with the instant of the older', (_, oneMs, otherMs) => {
  expect(joined(at(1, oneMs), at(2, otherMs))).toMatchObject({ authorization_id: id(1), at_ms: noonMs });
});

describe('where it was used', () => {
  const asked = (number: number, ms: number, approved_minor: number, subject: Authorization['subject']) =>
    at(number, ms, { approved_minor, subject });
  test.each<
    [
      claim: string,
      first: [number, Authorization['subject']],
      second: [number, Authorization['subject']],
      Authorization['subject'],
    ]
  >([
    ['as the older says', [5, ofOne], [5, ofOther], ofOne],
    ['as the one says that was approved', [0, ofOne], [1, ofOther], ofOther],
    ['as the older says where neither was', [0, ofOne], [0, ofOther], ofOne],
    ['as the older says where both were, and be it 1', [1, ofOne], [5, ofOther], ofOne],
    ['as the only one that says it: the older', [0, ofOne], [5, null], ofOne],
    ['as the only one that says it: the newer', [5, null], [0, ofOther], ofOther],
  ])('%s', (_, [firstMinor, firstSubject], [secondMinor, secondSubject], subject) => {
    const [older, newer] = [asked(1, 0, firstMinor, firstSubject), asked(2, 9, secondMinor, secondSubject)];
    expect(joined(older, newer).subject).toBe(subject);
    expect(joined(newer, older).subject).toBe(subject);
  });
});

test('of two that are as old, the one that is given first says where', () => {
  const [one, other] = [at(1, 0, { subject: ofOne }), at(2, 0, { subject: ofOther })];
  expect(joined(one, other).subject).toBe(ofOne);
});
