// What a void takes back: the approval that it names and nothing else, down to one minor unit.

import { describe, expect, test } from 'vitest';
import type { ApprovalInPlace } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import { noonMs } from '../testing/samples.ts';
import type { Portion } from '../windows/portions.ts';
import { addedBy, withApproval } from './approvals.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type HoldChange, holdOf } from './hold-changes.ts';
import { afterVoid } from './void.ts';
import { afterVoidInPlace } from './void-in-place.ts';

const auth = 'auth_00000000000000000000000001' as Id<'auth'>;
const laterMs = noonMs + 60_000;

function holding(changes: readonly HoldChange[], more: Partial<Authorization> = {}): Authorization {
  return { ...newAuthorization(auth, noonMs, 'USD'), changes, ...holdOf(changes), ...more };
}

const adds = (minor: number, changes: Partial<HoldChange> = {}): HoldChange => ({
  ...({ at_ms: noonMs, does: 'adds', minor, nth: 0, heard: 1, heard_ms: noonMs } as const),
  ...changes,
});

describe('of the card’s own approval', () => {
  const approval = (adds_minor: number, given_at_ms = noonMs) => ({ at_ms: noonMs, nth: 0, given_at_ms, adds_minor });

  test.each([1, 500])('%i held for it is released', (minor) => {
    const before = holding([adds(minor)], { approved_minor: minor });
    const after = afterVoid(before, approval(minor), laterMs);
    expect(after).toMatchObject({ hold_minor: 0, approved_minor: 0, touched_ms: laterMs });
  });

  test('one that holds nothing any more counts no longer, though another approval keeps its authorization a use', () => {
    const of = (given_at_ms: number): Portion => ({
      ...{ kind: 'asked', given_at_ms, window_at_ms: given_at_ms, held_minor: 0, cleared_minor: 0 },
    });
    const before = holding([adds(0, { does: 'ends' })], { approved_minor: 80, portions: [of(noonMs), of(noonMs + 9)] });
    const after = afterVoid(before, approval(50), laterMs);
    expect(after).toMatchObject({ hold_minor: 0, approved_minor: 30, portions: [of(noonMs + 9)] });
  });

  test('of two approvals in one millisecond that have moved since, the one of its amount', () => {
    const changes = [adds(30, { at_ms: noonMs + 7 }), adds(50, { at_ms: noonMs + 8 })];
    expect(withApproval(changes, approval(50), 0)).toEqual([changes[0]]);
    expect(withApproval(changes, approval(30), 0)).toEqual([changes[1]]);
  });

  test('one that has moved and was lowered from 70 to 60 since is found by when it was given', () => {
    const changes = [adds(60, { at_ms: noonMs + 7 }), adds(20, { at_ms: noonMs + 8, heard_ms: noonMs + 8 })];
    expect(withApproval(changes, approval(70), 0)).toEqual([changes[1]]);
  });

  test('one that a later figure has made meaningless takes nothing of another approval of the same amount', () => {
    const changes = [adds(50, { at_ms: noonMs + 9, heard_ms: noonMs + 9 })];
    expect(withApproval(changes, approval(50), 0)).toEqual(changes);
  });

  test('nor does it take a figure of an old snapshot that happens to be as large', () => {
    const changes = [adds(50, { does: 'sets', heard_ms: 0 })];
    expect(withApproval(changes, approval(50), 0)).toEqual(changes);
  });
});

describe('of what was approved in the card’s place', () => {
  const place = { at_ms: noonMs, nth: -1 };
  const inPlace = (adds_minor: number, approved_minor: number): ApprovalInPlace => {
    return { ...place, given_at_ms: noonMs, adds_minor, approved_minor };
  };
  const own = adds(60, { at_ms: noonMs - 5, nth: -1, heard_ms: noonMs - 5 });

  test.each<[adds: number, told: number]>([
    [1, 0],
    [0, 1],
    [40, 40],
    [40, 30],
  ])('what added %i to the hold, and %i to what the network was told, is gone', (more, told) => {
    const approval = inPlace(more, told);
    const before = holding([own, addedBy(approval, told, { heard: 2, heard_ms: noonMs, in_place: true })], {
      advised: 1,
    });
    expect(before.hold_minor).toBe(60 + more);
    const after = afterVoidInPlace(before, { approvals: [approval], approved_minor: 60 + told, place }, laterMs);
    expect(after).toMatchObject({ changes: [own], hold_minor: 60, network_minor: 60, advised: 0 });
  });

  test('an answer of 60 that lowered the card’s own 70 has added nothing: the 60 are the card’s, and stay', () => {
    const lowers = { at_ms: own.at_ms, nth: -1, given_at_ms: own.heard_ms, adds_minor: 70 };
    const approvals = [{ ...inPlace(0, 0), at_ms: own.at_ms, given_at_ms: own.heard_ms, lowers }];
    const before = holding([own], { advised: 1 });
    const at = { at_ms: own.at_ms, nth: -1 };
    const after = afterVoidInPlace(before, { approvals, approved_minor: 60, place: at }, laterMs);
    expect(after).toMatchObject({ changes: [own], hold_minor: 60, advised: 0 });
  });
});

describe('of a snapshot that kept only where the answer in the card’s place stood', () => {
  const place = { at_ms: noonMs + 10, nth: 0 };
  const given = (before: Authorization, approved_minor: number) =>
    afterVoidInPlace(before, { approved_minor, place }, laterMs);

  test('30 added after a hold of 100: the 100 stay', () => {
    const changes = [adds(100), adds(30, { at_ms: noonMs + 10 })];
    expect(given(holding(changes, { advised: 1 }), 30)).toMatchObject({ hold_minor: 100, advised: 0 });
  });

  test('a figure of 30 that replaced 100: nothing, and an increment of 20 that followed stays', () => {
    const figure = adds(30, { at_ms: noonMs + 10, does: 'sets' });
    const increment = adds(20, { at_ms: noonMs + 20, heard_ms: noonMs + 20 });
    const after = given(holding([adds(100), figure, increment], { advised: 1 }), 30);
    expect(after).toMatchObject({ hold_minor: 20, advised: 0 });
    expect(after.changes).toEqual([{ ...figure, does: 'ends', minor: 0 }, increment]);
  });

  test.each([
    [0, 2],
    [1, 1],
  ])('an answer of %i leaves %i of two approvals that the card was not asked for', (approved, advised) => {
    expect(given(holding([adds(100)], { advised: 2 }), approved).advised).toBe(advised);
  });
});
