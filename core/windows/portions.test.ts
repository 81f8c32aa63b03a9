// Where what happens to an authorization counts: each row says which portions there were, what happened, and which there are.

import { describe, expect, test } from 'vitest';
import { portion, type Short } from '../testing/sample-portions.ts';
import { type Recount, recounted, usePortion } from './portions.ts';

const nowMs = 90;
const nothing = { nowMs, heldChange: 0, clearedChange: 0, isUse: true };

type Row = readonly [claim: string, before: readonly Short[], change: Partial<Recount>, after: readonly Short[]];

function check(rows: readonly Row[]): void {
  test.each(rows)('%s', (_, before, change, after) => {
    expect(recounted(before.map(portion), { ...nothing, ...change })).toEqual(after.map(portion));
  });
}

describe('an approval', () => {
  const approves = (kind: 'asked' | 'added', minor: number) => ({ approves: { kind, minor } });
  check([
    ['counts at its instant', [], { ...approves('asked', 100), heldChange: 100 }, [['asked', 90, 100, 0]]],
    [
      'is a use of its own, whatever was approved before',
      [['asked', 10, 0, 40]],
      { ...approves('asked', 100), heldChange: 100 },
      [
        ['asked', 10, 0, 40],
        ['asked', 90, 100, 0],
      ],
    ],
    [
      'of an increment counts in the window of the newest use that it adds to',
      [
        ['asked', 10, 0, 40],
        ['asked', 20, 100, 0],
        ['added', 30, 10, 0, 20],
      ],
      { ...approves('added', 5), heldChange: 5 },
      [
        ['asked', 10, 0, 40],
        ['asked', 20, 100, 0],
        ['added', 30, 10, 0, 20],
        ['added', 90, 5, 0, 20],
      ],
    ],
    [
      'of an increment is added to what counts, though an older approval counts for nothing any more',
      [
        ['asked', 10, 0, 0],
        ['asked', 20, 100, 0],
      ],
      { ...approves('added', 5), heldChange: 5 },
      [
        ['asked', 10, 0, 0],
        ['asked', 20, 100, 0],
        ['added', 90, 5, 0, 20],
      ],
    ],
    [
      'of an increment to nothing that was approved is a use',
      [],
      { ...approves('added', 5), heldChange: 5 },
      [['asked', 90, 5, 0]],
    ],
    [
      'takes over what was cleared before it, as far as that leaves less to hold',
      [
        ['forced', 10, 0, 30],
        ['forced', 20, 0, 30],
      ],
      { ...approves('asked', 100), heldChange: 60 },
      [
        ['forced', 20, 0, 20],
        ['asked', 90, 60, 40],
      ],
    ],
    [
      'that holds all it approves leaves what was cleared where it is',
      [['forced', 10, 0, 30]],
      { ...approves('asked', 100), heldChange: 100 },
      [
        ['forced', 10, 0, 30],
        ['asked', 90, 100, 0],
      ],
    ],
    [
      'takes over no more than was cleared without one',
      [
        ['asked', 10, 0, 50],
        ['forced', 20, 0, 30],
      ],
      { ...approves('asked', 100), heldChange: 20 },
      [
        ['asked', 10, 0, 50],
        ['asked', 90, 20, 30],
      ],
    ],
  ]);
});

describe('an advice above the hold', () => {
  check([
    [
      'adds to it where something is held',
      [['asked', 10, 1, 0]],
      { heldChange: 50 },
      [
        ['asked', 10, 1, 0],
        ['added', 90, 50, 0, 10],
      ],
    ],
    [
      'is an approval of its own where nothing is',
      [['asked', 10, 0, 80]],
      { heldChange: 50 },
      [
        ['asked', 10, 0, 80],
        ['asked', 90, 50, 0],
      ],
    ],
    [
      'takes over nothing that was cleared',
      [['forced', 10, 0, 80]],
      { heldChange: 50 },
      [
        ['forced', 10, 0, 80],
        ['asked', 90, 50, 0],
      ],
    ],
  ]);
});

describe('a release', () => {
  const before: readonly Short[] = [
    ['asked', 10, 100, 0],
    ['added', 20, 50, 0, 10],
  ];
  check([
    [
      'gives back the oldest first',
      before,
      { heldChange: -120 },
      [
        ['asked', 10, 0, 0],
        ['added', 20, 30, 0, 10],
      ],
    ],
    ['of everything leaves the use where it was', before, { heldChange: -150 }, [['asked', 10, 0, 0]]],
    ['of nothing changes nothing', before, {}, before],
  ]);
});

describe('a clearing', () => {
  const before: readonly Short[] = [
    ['asked', 10, 100, 0],
    ['added', 20, 50, 0, 10],
  ];
  check([
    [
      'clears the oldest hold first',
      before,
      { heldChange: -120, clearedChange: 120 },
      [
        ['asked', 10, 0, 100],
        ['added', 20, 30, 20, 10],
      ],
    ],
    [
      'that is final and below the hold gives the rest back',
      before,
      { heldChange: -150, clearedChange: 60 },
      [['asked', 10, 0, 60]],
    ],
    [
      'above the hold counts with the newest approval that is a use',
      [['asked', 5, 0, 9], ...before],
      { heldChange: -150, clearedChange: 170 },
      [
        ['asked', 5, 0, 9],
        ['asked', 10, 0, 120],
        ['added', 20, 0, 50, 10],
      ],
    ],
    ['without an approval counts by itself', [], { clearedChange: 70 }, [['forced', 90, 0, 70]]],
    [
      'without an approval counts by itself, each time',
      [['forced', 10, 0, 70]],
      { clearedChange: 1 },
      [
        ['forced', 10, 0, 70],
        ['forced', 90, 0, 1],
      ],
    ],
    ['of nothing, of what holds nothing, leaves no trace', [], { isUse: false }, []],
  ]);
});

describe('a void', () => {
  check([
    [
      'takes back the approval that it names, and its use',
      [
        ['asked', 10, 100, 0],
        ['asked', 20, 50, 0],
        ['asked', 30, 70, 0],
      ],
      { heldChange: -50, voidsGivenAtMs: 20 },
      [
        ['asked', 10, 100, 0],
        ['asked', 30, 70, 0],
      ],
    ],
    [
      'of more than is left of it takes the rest from the oldest',
      [
        ['asked', 10, 100, 0],
        ['asked', 20, 20, 0],
      ],
      { heldChange: -50, voidsGivenAtMs: 20 },
      [['asked', 10, 70, 0]],
    ],
    [
      'of less than is held leaves the rest',
      [['asked', 20, 60, 0]],
      { heldChange: -50, voidsGivenAtMs: 20 },
      [['asked', 20, 10, 0]],
    ],
    [
      'of two approvals of one instant takes the one that still holds',
      [
        ['asked', 20, 50, 0],
        ['asked', 20, 0, 30],
      ],
      { heldChange: -50, voidsGivenAtMs: 20 },
      [['asked', 20, 0, 30]],
    ],
    [
      'of two approvals of one instant takes the newer, where neither holds',
      [
        ['asked', 20, 0, 0, 7],
        ['asked', 20, 0, 0, 8],
      ],
      { voidsGivenAtMs: 20 },
      [['asked', 20, 0, 0, 7]],
    ],
    [
      'of what is no longer there takes from the oldest',
      [['asked', 10, 60, 0]],
      { heldChange: -50, voidsGivenAtMs: 20 },
      [['asked', 10, 10, 0]],
    ],
    [
      'that leaves no use leaves nothing',
      [['asked', 20, 50, 0]],
      { heldChange: -50, voidsGivenAtMs: 20, isUse: false },
      [],
    ],
  ]);
});

describe('a use', () => {
  check([
    ['that holds and clears nothing counts from now', [], {}, [['asked', 90, 0, 0]]],
    [
      'that only an increment is left of counts from now',
      [['added', 20, 5, 0, 10]],
      {},
      [
        ['added', 20, 5, 0, 10],
        ['asked', 90, 0, 0],
      ],
    ],
  ]);

  test('counts with its newest approval or force post, never with an increment', () => {
    const [asked, forced, added] = [
      portion(['asked', 1, 1, 0]),
      portion(['forced', 2, 0, 1]),
      portion(['added', 3, 1, 0]),
    ];
    expect(usePortion([asked, forced, added])).toBe(forced);
    expect(usePortion([forced, asked, added])).toBe(asked);
    expect(usePortion([added])).toBeNull();
    expect(usePortion([])).toBeNull();
  });
});
