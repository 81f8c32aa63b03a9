// Where the portions of two authorizations count once they turn out to be one, known by two of the network's names until now.

import { describe, expect, test } from 'vitest';
import { portion, type Short } from '../testing/sample-portions.ts';
import { joinedPortions } from './portions.ts';

describe('two authorizations that turn out to be one', () => {
  const rows: readonly (readonly [string, readonly Short[], readonly Short[], number, readonly Short[]])[] = [
    [
      'stand in the order in which they were given',
      [['asked', 20, 5, 0]],
      [['asked', 10, 6, 0]],
      0,
      [
        ['asked', 10, 6, 0],
        ['asked', 20, 5, 0],
      ],
    ],
    [
      'what was cleared under one name was of the hold under the other',
      [['asked', 20, 100, 0]],
      [['forced', 30, 0, 40]],
      -40,
      [['asked', 20, 60, 40]],
    ],
    [
      'what exceeds the hold counts with the approval too',
      [['forced', 10, 0, 40]],
      [['asked', 20, 0, 100]],
      0,
      [['asked', 20, 0, 140]],
    ],
    ['what more is released is gone', [['asked', 20, 100, 0]], [['forced', 30, 0, 40]], -70, [['asked', 20, 30, 40]]],
    [
      'what is released alone is gone',
      [['asked', 10, 60, 0]],
      [['asked', 20, 50, 0]],
      -70,
      [
        ['asked', 10, 0, 0],
        ['asked', 20, 40, 0],
      ],
    ],
    [
      'an increment of which nothing is left goes',
      [['asked', 10, 60, 0]],
      [['added', 5, 50, 0]],
      -50,
      [['asked', 10, 60, 0]],
    ],
    [
      'without an approval each force post stays',
      [['forced', 10, 0, 60]],
      [['forced', 20, 0, 50]],
      0,
      [
        ['forced', 10, 0, 60],
        ['forced', 20, 0, 50],
      ],
    ],
    [
      'more that is held counts with the newest',
      [['asked', 20, 5, 0]],
      [['asked', 10, 6, 0]],
      7,
      [
        ['asked', 10, 6, 0],
        ['asked', 20, 12, 0],
      ],
    ],
    [
      'more that is held makes nothing of what was forced a hold',
      [['forced', 10, 0, 40]],
      [['asked', 20, 100, 0]],
      10,
      [['asked', 20, 110, 40]],
    ],
    [
      'one minor unit that is held or cleared keeps its portion',
      [
        ['added', 10, 1, 0],
        ['added', 20, 0, 1],
      ],
      [],
      0,
      [
        ['added', 10, 1, 0],
        ['added', 20, 0, 1],
      ],
    ],
    ['and be it 1', [['asked', 20, 5, 0]], [], 1, [['asked', 20, 6, 0]]],
    [
      'without an approval what is released is not cleared',
      [['added', 10, 5, 0]],
      [['forced', 20, 0, 3]],
      -2,
      [
        ['added', 10, 3, 0],
        ['forced', 20, 0, 3],
      ],
    ],
    ['a hold of nothing stays nothing', [], [], 7, []],
    [
      'the newest of two approvals takes what was forced',
      [
        ['asked', 10, 0, 5],
        ['asked', 20, 0, 6],
      ],
      [['forced', 15, 0, 4]],
      0,
      [
        ['asked', 10, 0, 5],
        ['asked', 20, 0, 10],
      ],
    ],
  ];
  test.each(rows)('%s', (_, one, other, heldChange, after) => {
    expect(joinedPortions(one.map(portion), other.map(portion), heldChange)).toEqual(after.map(portion));
  });
});
