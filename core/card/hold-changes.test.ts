// The order of what changes a hold, what it comes to, and what of it is remembered. Whole lives of a card are in order-cases.test.ts.

import { describe, expect, test } from 'vitest';
import { noonMs } from '../testing/samples.ts';
import { type HoldChange, holdOf, inOrder, merged, withChange } from './hold-changes.ts';

const change = (does: HoldChange['does'], at_ms: number, minor: number, more: Partial<HoldChange> = {}): HoldChange => {
  const heard_ms = more.heard_ms ?? noonMs;
  // Heard by the event of that number, unless it says otherwise.
  return { does, at_ms, minor, nth: 0, heard: heard_ms, heard_ms, ...more };
};
const begins = (at_ms: number, minor: number, more: Partial<HoldChange> = {}) =>
  change('adds', at_ms, minor, { nth: -1, heard_ms: noonMs - 1, ...more });
const held = (changes: readonly HoldChange[]) => holdOf(inOrder(changes)).hold_minor;

describe('what the changes of a hold come to', () => {
  type Row = [what: string, changes: readonly HoldChange[], hold_minor: number, network_minor: number];
  test.each<Row>([
    ['nothing', [], 0, 0],
    ['an approval', [begins(1, 100)], 100, 100],
    ['one of which the network knows a part', [begins(1, 120, { network_minor: 100 })], 120, 100],
    [
      'an advice: the network’s figure is all of it',
      [begins(1, 120, { network_minor: 100 }), change('sets', 2, 70)],
      70,
      70,
    ],
    ['an end', [begins(1, 120, { network_minor: 100 }), change('ends', 2, 0)], 0, 0],
    ['our own expiry', [begins(1, 120, { network_minor: 100 }), change('lapses', 2, 0)], 0, 0],
    [
      'a part is taken, and our addition stays',
      [begins(1, 120, { network_minor: 100 }), change('takes', 2, 60)],
      60,
      40,
    ],
    ['all but one unit of the network’s part', [begins(1, 120, { network_minor: 100 }), change('takes', 2, 99)], 21, 1],
    [
      'the network’s part is gone, and our addition with it',
      [begins(1, 120, { network_minor: 100 }), change('takes', 2, 100)],
      0,
      0,
    ],
    ['more is taken than is held', [begins(1, 50), change('takes', 2, 80)], 0, 0],
    [
      'more is taken than we hold, less than the network knows of',
      [begins(1, 10, { network_minor: 50 }), change('takes', 2, 20)],
      0,
      30,
    ],
    [
      'a part of which the network says another amount',
      [begins(1, 100), change('takes', 2, 30, { network_minor: 20 })],
      70,
      80,
    ],
    [
      'an end, then an approval with our addition, taken back by the network’s figure',
      [
        begins(1, 100),
        change('ends', 2, 0),
        change('adds', 3, 60, { nth: 1, network_minor: 50 }),
        change('takes', 4, 50),
      ],
      0,
      0,
    ],
  ])('%s', (_, changes, hold_minor, network_minor) => {
    expect(holdOf(changes)).toEqual({ hold_minor, network_minor });
  });
});

describe('their order', () => {
  const doings = (changes: readonly HoldChange[]) => inOrder(changes).map(({ does, minor }) => `${does} ${minor}`);
  const everyWay = (changes: readonly HoldChange[]) => [
    changes,
    changes.toReversed(),
    [...changes.slice(1), ...changes.slice(0, 1)],
  ];

  test('at one place: approvals, advices by their height, ends, parts', () => {
    const changes = [
      change('takes', 5, 3),
      change('ends', 5, 0),
      change('sets', 5, 60),
      change('sets', 5, 40),
      change('adds', 5, 70),
    ];
    for (const way of everyWay(changes))
      expect(doings(way)).toEqual(['adds 70', 'sets 40', 'sets 60', 'ends 0', 'takes 3']);
  });

  test('the beginning is first, whatever its stamp or number', () => {
    const changes = [begins(900, 100, { order: 9 }), change('sets', 1, 40, { order: 1 }), change('takes', 2, 5)];
    for (const way of everyWay(changes)) expect(doings(way)).toEqual(['adds 100', 'sets 40', 'takes 5']);
  });

  test('by stamps, and of one stamp by what had been heard', () => {
    const changes = [
      change('adds', 5, 2, { nth: 2 }),
      change('takes', 6, 1),
      change('adds', 5, 1, { nth: 1 }),
      change('sets', 5, 9),
    ];
    for (const way of everyWay(changes)) expect(doings(way)).toEqual(['sets 9', 'adds 1', 'adds 2', 'takes 1']);
  });

  test('numbers decide before stamps: what is numbered higher is dated like the latest numbered lower', () => {
    const changes = [
      change('sets', 10, 80, { order: 7 }),
      change('ends', 30, 0, { order: 6 }),
      change('takes', 20, 5),
      change('takes', 40, 1),
    ];
    for (const way of everyWay(changes)) expect(doings(way)).toEqual(['takes 5', 'ends 0', 'sets 80', 'takes 1']);
  });

  test('of one number stamps decide, with what has no number in between', () => {
    const changes = [
      change('sets', 30, 100, { order: 5 }),
      change('takes', 10, 30, { order: 5 }),
      change('takes', 20, 20),
    ];
    for (const way of everyWay(changes)) {
      expect(doings(way)).toEqual(['takes 30', 'takes 20', 'sets 100']);
      expect(held(way)).toBe(100);
    }
  });

  test('of one instant, what has no number comes before what has, even the number 0', () => {
    const changes = [change('sets', 10, 80, { order: 0 }), change('ends', 10, 0)];
    for (const way of everyWay(changes)) expect(doings(way)).toEqual(['ends 0', 'sets 80']);
  });
});

describe('what is remembered', () => {
  const kept = (changes: readonly HoldChange[]) => merged(changes).changes.map(({ does, minor }) => `${does} ${minor}`);
  const oneByOne = (changes: readonly HoldChange[]) =>
    changes.reduce(withChange, { changes: [], hold_minor: 0, network_minor: 0 });

  test('nothing of before the last figure: nothing can come of it any more', () => {
    const changes = [begins(1, 100), change('takes', 2, 10), change('sets', 3, 70), change('takes', 4, 20)];
    expect(kept(changes)).toEqual(['sets 70', 'takes 20']);
    expect(oneByOne(changes)).toEqual(merged(changes));
    expect(merged(changes)).toMatchObject({ hold_minor: 50, network_minor: 50 });
  });

  test('a part that arrives late, stamped one millisecond before the figure, is in it already', () => {
    const late = oneByOne([begins(1, 100), change('sets', 4, 70), change('takes', 3, 10)]);
    expect(late).toEqual(merged([begins(1, 100), change('takes', 3, 10), change('sets', 4, 70)]));
    expect(late.hold_minor).toBe(70);
  });

  test('but all of it where anything is numbered: a later message may move what stands before', () => {
    const changes = [begins(1, 100), change('takes', 2, 10), change('sets', 3, 70, { order: 3 })];
    expect(kept(changes)).toEqual(['adds 100', 'takes 10', 'sets 70']);
    expect(oneByOne(changes)).toEqual(merged(changes));
    const moved = withChange(oneByOne(changes), change('takes', 4, 5, { order: 2 }));
    expect(moved.changes.map(({ does }) => does)).toEqual(['adds', 'takes', 'takes', 'sets']);
    expect(moved.hold_minor).toBe(70);
  });

  test('a number of the beginning’s own moves nothing', () => {
    const changes = [begins(1, 100, { order: 1 }), change('sets', 3, 70)];
    expect(kept(changes)).toEqual(['sets 70']);
  });

  test('what has the figure’s own instant, in whatever order it came', () => {
    const changes = [change('sets', 3, 40), change('sets', 3, 70)];
    for (const way of [changes, changes.toReversed()]) {
      expect(oneByOne(way).changes).toEqual(changes);
      expect(oneByOne(way).hold_minor).toBe(70);
    }
    expect(oneByOne([begins(3, 100), change('ends', 3, 0)]).changes).toHaveLength(2);
  });

  describe('an approval that is a beginning only under this name, behind an end of 100', () => {
    type Row = [
      what: string,
      approvalHeardMs: number,
      endHeardMs: number,
      others: readonly HoldChange[],
      isKept: boolean,
    ];
    test.each<Row>([
      ['the end was heard before it', 60, 50, [], true],
      ['the end was heard in its own millisecond', 60, 60, [], true],
      ['the end was heard after it', 60, 61, [], false],
      ['something of the end’s instant was heard before it', 60, 61, [change('takes', 100, 1, { heard_ms: 60 })], true],
      ['something before the end was heard before it', 60, 61, [change('takes', 99, 1, { heard_ms: 50 })], false],
      ['something after the end was heard after it', 60, 61, [change('takes', 110, 1, { heard_ms: 62 })], false],
    ])('%s', (_, approvalHeardMs, endHeardMs, others, isKept) => {
      const end = change('ends', 100, 0, { heard_ms: endHeardMs });
      const approval = begins(90, 100, { heard_ms: approvalHeardMs });
      for (const changes of [
        [approval, ...others, end],
        [...others, end, approval],
      ])
        expect(merged(changes).changes.includes(approval)).toBe(isKept);
      if (others.length === 0) expect(oneByOne([approval, end]).changes.includes(approval)).toBe(isKept);
    });
  });
});
