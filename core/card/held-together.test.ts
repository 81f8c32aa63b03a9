// Two authorizations that turn out to be one, change by change. Whole lives of a card are in joins.test.ts.

import { describe, expect, test } from 'vitest';
import type { Heard } from './hearing.ts';
import { heldTogether, type Past } from './held-together.ts';
import { type HoldChange, withChange } from './hold-changes.ts';

const change = (does: HoldChange['does'], at_ms: number, minor: number, more: Partial<HoldChange> = {}): HoldChange => {
  const heard_ms = more.heard_ms ?? at_ms;
  // Heard by the event of that number, unless it says otherwise.
  return { does, at_ms, minor, nth: 0, heard: heard_ms, heard_ms, ...more };
};
const begins = (at_ms: number, minor: number, more: Partial<HoldChange> = {}) =>
  change('adds', at_ms, minor, { nth: -1, ...more });
const at = (heard_ms: number): Heard => ({ heard: heard_ms, heard_ms });
/** Its first request was decided when its first change was heard, unless it says otherwise. */
function past(changes: readonly HoldChange[], more: Partial<Past> = {}): Past {
  const held = changes.reduce(withChange, { changes: [], hold_minor: 0, network_minor: 0 });
  const [first = null] = [...changes].sort((one, other) => one.heard - other.heard || one.heard_ms - other.heard_ms);
  const since = first === null ? null : { heard: first.heard, heard_ms: first.heard_ms };
  return { changes: held.changes, hold_minor: held.hold_minor, begun: since, changed: since, ...more };
}
function bothWays(one: Past, other: Past) {
  const together = heldTogether(one, other);
  expect(heldTogether(other, one)).toEqual(together);
  return together;
}
const doings = ({ changes }: Pick<Past, 'changes'>) => changes.map(({ does, at_ms, minor }) => [does, at_ms, minor]);

describe('our own expiry of the one', () => {
  const lapsed = past([begins(10, 100), change('lapses', 40, 0, { nth: 1 })]);

  test('says nothing of what the other holds, and be it one unit', () => {
    expect(bothWays(lapsed, past([begins(20, 1)])).hold_minor).toBe(1);
  });

  test('stays where the other holds nothing: an advice from before it, that comes late, holds nothing either', () => {
    const ended = past([begins(20, 50), change('ends', 30, 0)]);
    const together = bothWays(lapsed, ended);
    expect(together.changes.at(-1)).toMatchObject({ does: 'lapses', at_ms: 40 });
    expect(withChange(together, change('sets', 39, 70)).hold_minor).toBe(0);
  });

  test('stays at its own instant, whatever the other had heard of later ones', () => {
    const ahead = past([change('takes', 90, 10, { heard_ms: 20 })]);
    const together = bothWays(lapsed, ahead);
    expect(doings(together)).toContainEqual(['lapses', 40, 0]);
    expect(withChange(together, change('sets', 60, 70)).hold_minor).toBe(60);
  });
});

describe('of one millisecond, stored before it was kept by which event each was heard,', () => {
  const at30ms = { heard: 0, heard_ms: 30 };

  test('an approval is taken as given after an end of the other: it stays held', () => {
    const first = past([begins(10, 100, { heard: 0 }), change('ends', 12, 0, at30ms)]);
    const second = past([begins(11, 50, at30ms)]);
    expect(bothWays(first, second).hold_minor).toBe(50);
  });

  test('two ends and two approvals: both approvals stay held, in the order in which they were given', () => {
    const first = past([begins(10, 100, { heard: 0 }), change('ends', 12, 0, at30ms)]);
    const at30 = (minor: number, nth: number) => change('adds', 11, minor, { nth, ...at30ms });
    const second = past([at30(50, -1), at30(7, 1)]);
    const together = bothWays(first, second);
    expect(together.hold_minor).toBe(57);
    expect(doings(together).slice(-2)).toEqual([
      ['adds', 12, 50],
      ['adds', 12, 7],
    ]);
  });

  test('a beginning and the other’s increment: the same whichever name is told first', () => {
    const first = past([begins(10, 100, { heard: 0 }), change('adds', 10, 7, { nth: 1, ...at30ms })]);
    const second = past([begins(11, 50, at30ms)]);
    expect(doings(bothWays(first, second))).toEqual([
      ['adds', 10, 100],
      ['adds', 11, 50],
      ['adds', 11, 7],
    ]);
  });
});

describe('the place of what was heard', () => {
  test('a message without a stamp comes after all that both had heard, our later approvals too', () => {
    const first = past([begins(10, 100), change('ends', 1, 0, { nth: 1, heard_ms: 50 })]);
    const second = past([change('sets', 30, 70, { heard_ms: 35 })]);
    expect(bothWays(first, second).hold_minor).toBe(0);
  });

  test('a message with a stamp keeps it: an end of before the second approval leaves that held', () => {
    const first = past([begins(10, 100), change('ends', 20, 0, { heard_ms: 60 })]);
    expect(bothWays(first, past([begins(30, 50)])).hold_minor).toBe(50);
  });
});

test('the whole began, and its hold first changed, with the earlier one, and be it by one event', () => {
  const [sooner, later] = [past([begins(20, 50, { heard_ms: 15 })]), past([begins(10, 30, { heard_ms: 16 })])];
  expect(bothWays(sooner, later)).toMatchObject({ begun: at(15), changed: at(15) });
});

describe('a beginning is a later approval of the whole', () => {
  const end = past([change('ends', 40, 0, { heard_ms: 20 })], { begun: null });
  const approval = past([begins(10, 50, { heard_ms: 30 })]);

  test('not where the other had only been named: what was heard before it was of it', () => {
    expect(bothWays(end, { ...approval, begun: null })).toMatchObject({ hold_minor: 0, begun: null });
    expect(bothWays(end, approval).hold_minor).toBe(0);
  });

  test('where the other had begun and its hold had changed by then, and be it in the first millisecond', () => {
    expect(bothWays({ ...end, begun: at(15) }, approval).hold_minor).toBe(50);
    expect(bothWays({ ...end, begun: at(1), changed: at(1) }, approval)).toMatchObject({
      ...{ hold_minor: 50, begun: at(1), changed: at(1) },
    });
  });

  test('not where it began in the same millisecond, or its hold had not changed before', () => {
    expect(bothWays({ ...end, begun: at(30) }, approval).hold_minor).toBe(0);
    expect(bothWays({ ...end, begun: at(15), changed: at(30) }, approval).hold_minor).toBe(0);
    expect(bothWays({ ...end, begun: at(15), changed: null }, { ...approval, changed: null }).hold_minor).toBe(0);
  });

  test('where it is not known when it was given: more is held', () => {
    const unknown = past([begins(10, 50, { heard_ms: 0 })], { begun: at(1) });
    expect(bothWays({ ...end, changes: [change('ends', 40, 0, { heard_ms: 0 })] }, unknown).hold_minor).toBe(50);
  });
});
