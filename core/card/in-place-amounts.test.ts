// How much an answer in the card's place adds to what is held, and to what the network was told; where it counts.

import { describe, expect, test } from 'vitest';
import type { ApprovalInPlace } from '../../contracts/card-event.ts';
import type { Id } from '../../contracts/ids.ts';
import { advice, hearing, merchant, noonMs } from '../testing/samples.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type HoldChange, holdOf } from './hold-changes.ts';
import { type AnswerInPlace, afterApprovalInPlace, approvalInPlace } from './in-place.ts';
import { subjectAt } from './subject.ts';

const nowMs = noonMs + 1_000;
const answer = (hold_minor: number): AnswerInPlace => ({
  ...advice({ decided_by: 'edge', hold_minor, occurred_at_ms: noonMs }),
  request_key: 'request-1',
});

describe('an answer of the edge, next to what the card holds for the request', () => {
  const place = { at_ms: noonMs, nth: -1 };
  const own = (adds_minor: number) => ({ ...place, given_at_ms: noonMs, adds_minor });

  test.each([
    ['60 where the card declined', 60, { adds_minor: 0, approved_minor: 0 }, { adds_minor: 60, approved_minor: 60 }],
    ['1 where the card declined', 1, { adds_minor: 0, approved_minor: 0 }, { adds_minor: 1, approved_minor: 1 }],
    [
      '60 where the card approved 50',
      60,
      { adds_minor: 50, approved_minor: 50, own: own(50) },
      { adds_minor: 10, approved_minor: 10 },
    ],
    [
      '60 where the card approved 60',
      60,
      { adds_minor: 60, approved_minor: 60, own: own(60) },
      { adds_minor: 0, approved_minor: 0 },
    ],
    [
      '60 where the card holds 60, of which the network was told 50',
      60,
      { adds_minor: 60, approved_minor: 50, own: own(60) },
      { adds_minor: 0, approved_minor: 10 },
    ],
    [
      '60 where the card holds 70: that is lowered',
      60,
      { adds_minor: 70, approved_minor: 50, own: own(70) },
      { adds_minor: 0, approved_minor: 0, lowers: own(70) },
    ],
    [
      '60 where an earlier answer of the edge holds 80: nothing is added or lowered',
      60,
      { adds_minor: 80, approved_minor: 80 },
      { adds_minor: 0, approved_minor: 0 },
    ],
  ])('%s', (_, told, already, recorded) => {
    expect(approvalInPlace(answer(told), already, nowMs)).toEqual({ ...place, given_at_ms: noonMs, ...recorded });
  });

  test('an answer of nothing is no approval', () => {
    expect(approvalInPlace(answer(0), { adds_minor: 0, approved_minor: 0 }, nowMs)).toBeUndefined();
  });
});

describe('an authorization of 100 after an answer in the card’s place', () => {
  const begun = { heard: 1, heard_ms: noonMs - 5 };
  const first: HoldChange = { at_ms: noonMs - 5, does: 'adds', minor: 100, nth: -1, ...begun };
  const counts = { kind: 'asked', given_at_ms: noonMs - 5, window_at_ms: noonMs - 5, cleared_minor: 0 } as const;
  const before: Authorization = {
    ...newAuthorization('auth_00000000000000000000000001' as Id<'auth'>, noonMs - 5, 'USD'),
    changes: [first],
    ...holdOf([first]),
    portions: [{ ...counts, held_minor: 100 }],
    ...{ approved_minor: 100, begun, changed: begun },
  };
  const known = { subject: subjectAt(merchant('5411')), expires_at_ms: noonMs + 9_000 };
  const answered = (adds_minor: number, approved_minor: number) => {
    const approval: ApprovalInPlace = { at_ms: noonMs, nth: -1, given_at_ms: noonMs, adds_minor, approved_minor };
    return afterApprovalInPlace(before, { hold_minor: 60 }, approval, known, hearing(nowMs, 2));
  };

  test.each([
    [60, 60],
    [10, 0],
    [1, 0],
    [1, 1],
  ])('that adds %i to it, and %i to what the network was told', (adds, told) => {
    const { portions, ...one } = answered(adds, told);
    expect(one).toMatchObject({ hold_minor: 100 + adds, network_minor: 100 + told, advised: 1 });
    expect(one.changes).toHaveLength(2);
    expect(portions.map(({ kind, held_minor }) => [kind, held_minor])).toEqual([
      ['asked', 100],
      ['asked', adds],
    ]);
  });

  test.each([1, 10])('that adds nothing to it, but %i to what the network was told: it counts where it did', (told) => {
    const { portions, ...one } = answered(0, told);
    expect(one).toMatchObject({ hold_minor: 100, network_minor: 100 + told, advised: 1 });
    expect(portions).toEqual(before.portions);
  });

  test('that adds nothing at all: the hold is as it was', () => {
    expect(answered(0, 0)).toMatchObject({ changes: [first], hold_minor: 100, portions: before.portions, advised: 1 });
  });

  test('says where the card was used if nobody has', () => {
    expect(answered(60, 60).subject).toEqual(known.subject);
    const elsewhere = { ...before, subject: subjectAt(merchant('5812')) };
    const approval = { at_ms: noonMs, nth: -1, given_at_ms: noonMs, adds_minor: 60, approved_minor: 60 };
    const said = afterApprovalInPlace(elsewhere, { hold_minor: 60 }, approval, known, hearing(nowMs, 2));
    expect(said.subject?.merchant?.category).toBe('5812');
  });
});
