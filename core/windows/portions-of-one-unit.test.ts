// One minor unit that is held or cleared counts like any other amount.

import { describe, expect, test } from 'vitest';
import { portion, type Short } from '../testing/sample-portions.ts';
import { type Recount, recounted } from './portions.ts';

const smallest: readonly Short[] = [
  ['asked', 10, 0, 0],
  ['added', 20, 1, 0, 10],
  ['added', 30, 0, 1, 10],
  ['forced', 40, 0, 1],
];

type Row = readonly [claim: string, before: readonly Short[], change: Partial<Recount>, after: readonly Short[]];

describe('one minor unit', () => {
  test.each<Row>([
    ['that an advice raises the hold by counts', [], { heldChange: 1 }, [['asked', 90, 1, 0]]],
    ['that is held or cleared keeps its portion', smallest, {}, smallest],
    [
      'that is held still makes an advice an increment',
      [
        ['asked', 10, 0, 40],
        ['asked', 20, 1, 0],
      ],
      { heldChange: 5 },
      [
        ['asked', 10, 0, 40],
        ['asked', 20, 1, 0],
        ['added', 90, 5, 0, 20],
      ],
    ],
    [
      'that is held is what a void takes back, where another approval of that instant holds nothing',
      [
        ['asked', 20, 1, 0],
        ['added', 20, 0, 3, 20],
      ],
      { heldChange: -1, voidsGivenAtMs: 20, isUse: false },
      [['added', 20, 0, 3, 20]],
    ],
  ])('%s', (_, before, change, after) => {
    const nothing = { nowMs: 90, heldChange: 0, clearedChange: 0, isUse: true };
    expect(recounted(before.map(portion), { ...nothing, ...change })).toEqual(after.map(portion));
  });
});
