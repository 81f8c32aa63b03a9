// What a version of a control set changes, told control by control.

import { expect, test } from 'vitest';
import { changesInWords, difference } from './control-set-changes.ts';

const limit = { control_id: 'day', does: 'limit', amount_minor: 300, window: { per: 'day', time_zone: 'UTC' } };
const block = { control_id: 'block', does: 'decline', applies_to: { categories: ['7995'] } };

test.each([
  ['the same', [limit, block], [limit, block], []],
  ['added, with all that it is', [], [block], [['block', 'added', ['does', 'applies_to.categories']]]],
  [
    'removed, with all that it was',
    [limit],
    [],
    [['day', 'removed', ['does', 'amount_minor', 'window.per', 'window.time_zone']]],
  ],
  ['a value', [limit], [{ ...limit, amount_minor: 200 }], [['day', 'changed', ['amount_minor']]]],
  [
    'a value within',
    [limit],
    [{ ...limit, window: { per: 'week', time_zone: 'UTC' } }],
    [['day', 'changed', ['window.per']]],
  ],
  [
    'a list is one value',
    [block],
    [{ ...block, applies_to: { categories: ['7995', '5411'] } }],
    [['block', 'changed', ['applies_to.categories']]],
  ],
  [
    'a field that goes',
    [limit],
    [{ control_id: 'day', does: 'limit', amount_minor: 300 }],
    [['day', 'changed', ['window.per', 'window.time_zone']]],
  ],
  [
    'the order alone',
    [limit, block],
    [block, limit],
    [
      ['block', 'moved', []],
      ['day', 'moved', []],
    ],
  ],
  [
    'one between keeps the others',
    [limit, block],
    [limit, { ...block, control_id: 'new' }, block],
    [['new', 'added', ['does', 'applies_to.categories']]],
  ],
])('%s', (_, before, after, changes) => {
  const found = difference(before, after);
  expect(found.map(({ control_id, change, fields }) => [control_id, change, fields.map(({ field }) => field)])).toEqual(
    changes,
  );
});

test('in words: from what to what, and on how many cards', () => {
  const controls = difference([limit], [{ ...limit, amount_minor: 200 }, block]);
  const changes = [
    { from_version: 1, cards: 40, controls },
    { from_version: 2, cards: 2, controls: [] },
  ];
  expect(changesInWords(changes, 3, { cardsMax: 1 })).toEqual([
    'version 1 → 3 on 40 cards:',
    '  changed  day',
    '             amount_minor: 300 → 200',
    '  added    block',
    '             does "decline"',
    '             applies_to.categories ["7995"]',
    'version 2 → 3 on 2 cards:',
    '  no control is another',
    '42 cards in all, of which 1 at most are moved now',
  ]);
  expect(changesInWords([], 3)).toEqual(['No card has another version: nothing would change.']);
});
