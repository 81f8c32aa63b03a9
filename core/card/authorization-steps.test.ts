// Single steps of an authorization, each by itself, where a whole card's life would hide them.

import { describe, expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { advice, clearing, countingIds, expiry, hearing, merchant, noonMs, reversal } from '../testing/samples.ts';
import { addedBy } from './approvals.ts';
import { type Authorization, isUse, newAuthorization } from './authorization.ts';
import { afterExpiry } from './expiry.ts';
import { joined } from './joined.ts';
import { afterMessage } from './message.ts';
import { afterApproval } from './request.ts';
import { afterCorrection } from './rows-of-old.ts';
import { unknown } from './subject.ts';
import { afterVoidInPlace, receiveVoidInPlace } from './void-in-place.ts';

const ids = countingIds();
const fresh = (atMs = noonMs) => newAuthorization(ids().authorization_id, atMs, 'USD');
const known = { subject: null, expires_at_ms: noonMs };
const advised = advice({ hold_minor: 100, occurred_at_ms: noonMs });
const held = () => afterMessage(fresh(), advised, known, hearing());

describe('a step of an authorization', () => {
  test('a correction stands before what the network says later', () => {
    const corrected = afterCorrection(held(), 70, hearing(noonMs + 1, 2));
    expect(corrected.hold_minor).toBe(70);
    const later = reversal({ amount_minor: 30, occurred_at_ms: noonMs + 1_000 });
    expect(afterMessage(corrected, later, known, hearing(noonMs + 2_000, 3)).hold_minor).toBe(40);
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
    const inPlace = { authorization_key: 'gone', approved_minor: 5, place: { at_ms: noonMs, nth: 0 }, sequence: 1 };
    const body = receiveVoidInPlace('r1', inPlace, null, ids().event_id, noonMs);
    expect(body).toMatchObject({ authorization_id: null, authorization_key: null, voided_minor: 5 });
  });
});

describe('what is one minor unit, or none', () => {
  const portionsOf = ({ portions }: Authorization) =>
    portions.map(({ kind, held_minor, cleared_minor }) => [kind, held_minor, cleared_minor]);
  const hears = (before: Authorization, message: CardMessage) =>
    afterMessage(before, message, known, hearing(noonMs + 1, 2));
  const stamped = { occurred_at_ms: noonMs };

  test('a new authorization is of nothing yet', () => {
    const one = fresh();
    const nothing = { changes: [], portions: [], hold_minor: 0, network_minor: 0, approved_minor: 0, begun: null };
    const never = { changed: null, advised: 0, cleared_minor: 0, refunded_minor: 0, expires_at_ms: 0 };
    expect(one).toMatchObject({ at_ms: noonMs, touched_ms: noonMs, subject: null, ...nothing, ...never });
    expect(isUse(one)).toBe(false);
  });

  test('one unit approved, one cleared, one advice: each is a use', () => {
    for (const one of [{ approved_minor: 1 }, { cleared_minor: 1 }, { advised: 1 }])
      expect(isUse({ ...fresh(), ...one })).toBe(true);
  });

  test('an advice one unit higher counts one unit more', () => {
    const higher = hears(held(), advice({ hold_minor: 101, ...stamped }));
    expect(higher.hold_minor).toBe(101);
    expect(portionsOf(higher)).toEqual([
      ['asked', 100, 0],
      ['added', 1, 0],
    ]);
  });

  test('a clearing of one unit of what was never held counts', () => {
    const cleared = hears(fresh(), clearing({ amount_minor: 1, ...stamped }));
    expect(portionsOf(cleared)).toEqual([['forced', 0, 1]]);
  });

  test('an advice of one unit is an approval, and begins the authorization where it answers a request', () => {
    const one = { hold_minor: 1, ...stamped };
    expect(hears(fresh(), advice(one))).toMatchObject({ advised: 1, begun: null });
    expect(hears(fresh(), advice({ ...one, request_key: 'r1' }))).toMatchObject({
      advised: 1,
      begun: { heard: 2, heard_ms: noonMs + 1 },
    });
    const none = advice({ hold_minor: 0, request_key: 'r1', ...stamped });
    expect(hears(fresh(), none)).toMatchObject({ advised: 0, begun: null });
  });

  test.each([
    ['a clearing in part', clearing({ amount_minor: 0, final: false, ...stamped })],
    ['a reversal', reversal({ amount_minor: 0, ...stamped })],
  ])('%s of nothing changes nothing: what is approved after it is still the beginning', (_, message) => {
    expect(hears(fresh(), message)).toEqual({
      ...fresh(),
      authorization_id: expect.anything(),
      touched_ms: noonMs + 1,
    });
    expect(hears(held(), message).changes).toEqual(held().changes);
  });

  test.each([
    ['a clearing in part', clearing({ amount_minor: 1, final: false, ...stamped })],
    ['a reversal', reversal({ amount_minor: 1, ...stamped })],
  ])('%s of one unit takes one unit', (_, message) => {
    expect(hears(held(), message).hold_minor).toBe(99);
  });

  test('what ends a hold has no amount of its own', () => {
    const ends = [clearing({ amount_minor: 5, ...stamped }), reversal(stamped), expiry(stamped)];
    for (const one of [...ends.map((message) => hears(held(), message)), afterExpiry(held(), hearing(noonMs + 1, 2))])
      expect(one.changes.at(-1)).toMatchObject({ minor: 0, heard: 2, heard_ms: noonMs + 1 });
  });

  test('a figure that books put there is no use until the network says that it approved as much', () => {
    const corrected = afterCorrection(fresh(), 50, hearing());
    const uses = ({ portions }: Authorization) => portions.filter(({ kind }) => kind === 'asked').length;
    expect(isUse(corrected)).toBe(false);
    const approved = hears(corrected, advice({ hold_minor: 50, occurred_at_ms: noonMs + 1 }));
    expect(isUse(approved)).toBe(true);
    expect(uses(approved)).toBe(1);
    expect(approved.portions.reduce((sum, { held_minor }) => sum + held_minor, 0)).toBe(50);
  });

  test('a clearing of one unit of what is no longer held counts with its approval', () => {
    const released = hears(held(), reversal(stamped));
    expect(portionsOf(hears(released, clearing({ amount_minor: 1, ...stamped })))).toEqual([['asked', 0, 1]]);
  });

  test('an approval that finds its hold gone counts all the same: what was cleared was of it', () => {
    const cleared = hears(fresh(), clearing({ amount_minor: 100, ...stamped }));
    const approval = { at_ms: noonMs, nth: -1, given_at_ms: noonMs + 2, adds_minor: 100 };
    const granted = { approved_minor: 100, subject: unknown, expires_at_ms: noonMs };
    const approved = afterApproval(cleared, 'authorization', approval, granted, hearing(noonMs + 2, 2));
    expect(approved.hold_minor).toBe(0);
    expect(portionsOf(approved)).toEqual([['asked', 0, 100]]);
  });

  test('an approval of the network that a reversal took before it came is a use of nothing', () => {
    const approved = hears(hears(fresh(), reversal(stamped)), advice({ hold_minor: 80, occurred_at_ms: noonMs - 1 }));
    expect(approved.hold_minor).toBe(0);
    expect(portionsOf(approved)).toEqual([['asked', 0, 0]]);
  });

  test('where one unit was bought stays, whatever an increment says of it', () => {
    const elsewhere = { ...unknown, merchant: merchant('5812') };
    const granted = { approved_minor: 1, expires_at_ms: noonMs };
    const approval = { at_ms: noonMs, nth: -1, given_at_ms: noonMs, adds_minor: 1 };
    const first = afterApproval(fresh(), 'authorization', approval, { ...granted, subject: unknown }, hearing());
    const second = afterApproval(
      first,
      'incremental',
      { ...approval, nth: 1 },
      { ...granted, subject: elsewhere },
      hearing(noonMs, 2),
    );
    expect(second.subject).toBe(unknown);
  });

  test('an approval’s change has a number only where it was numbered, and the network’s amount only where that differs', () => {
    const approval = { at_ms: noonMs, nth: 1, given_at_ms: noonMs + 5, adds_minor: 60 };
    const heard = { heard: 4, heard_ms: noonMs + 5 };
    const change = { at_ms: noonMs, nth: 1, does: 'adds', minor: 60, ...heard };
    expect(addedBy(approval, 60, heard)).toStrictEqual(change);
    expect(addedBy({ ...approval, order: 0 }, 60, heard)).toStrictEqual({ ...change, order: 0 });
    expect(addedBy(approval, 50, heard)).toStrictEqual({ ...change, network_minor: 50 });
  });
});
