// Single steps of an authorization, each by itself, where a whole card's life would hide them.

import { describe, expect, test } from 'vitest';
import { afterCorrection, afterMessage, isUse, newAuthorization } from './authorization.ts';
import { newCardState } from './card-state.ts';
import { joined } from './joined.ts';
import { receiveVoidInPlace } from './receive.ts';
import { advice, countingIds, noonMs, reversal } from './samples.ts';
import { unknown } from './subject.ts';
import { afterVoidInPlace } from './voided.ts';

const ids = countingIds();
const fresh = (atMs = noonMs) => newAuthorization(ids().authorization_id, atMs, 'USD');
const known = { subject: null, expires_at_ms: noonMs };
const advised = advice({ hold_minor: 100, occurred_at_ms: noonMs });
const held = () => afterMessage(fresh(), advised, known, noonMs);

describe('a step of an authorization', () => {
  test('a correction stands before what the network says later', () => {
    const corrected = afterCorrection(held(), 70, noonMs + 1);
    expect(corrected.hold_minor).toBe(70);
    const later = reversal({ amount_minor: 30, occurred_at_ms: noonMs + 1_000 });
    expect(afterMessage(corrected, later, known, noonMs + 2_000).hold_minor).toBe(40);
  });

  test('a void of the only answer in the card’s place leaves no use, nor its figure', () => {
    const voided = afterVoidInPlace(held(), { approved_minor: 100, place: { at_ms: noonMs, nth: 0 } }, noonMs + 1);
    expect(voided).toMatchObject({ hold_minor: 0, advised: 0 });
    expect(isUse(voided)).toBe(false);
  });

  test('what one of two names knows of the place, both know once they are one', () => {
    const [one, other] = [fresh(), { ...fresh(noonMs + 1), subject: unknown }];
    expect(joined(one, other).subject).toBe(unknown);
    expect(joined(other, one).subject).toBe(unknown);
  });

  test('a void in the place of a card that no longer knows the authorization names none', () => {
    const stoodIn = { authorization_key: 'gone', approved_minor: 5, place: { at_ms: noonMs, nth: 0 }, sequence: 1 };
    const body = receiveVoidInPlace(newCardState(), 'r1', stoodIn, ids().event_id, noonMs);
    expect(body).toMatchObject({ authorization_id: null, authorization_key: null, voided_minor: 5 });
  });
});
