import { expect, test } from 'vitest';
import { bucketsIn, countedBetween } from './histogram-share.ts';

const page = (op: string, counts: readonly number[]) =>
  ['0.001', '0.01', '0.1', '+Inf'].map((le, at) => `took_bucket{le="${le}",op="${op}"} ${counts[at]}`).join('\n');
const before = `# TYPE took histogram\n${page('commit', [1, 2, 3, 3])}\n${page('read', [9, 9, 9, 9])}\n`;
const after = `${page('commit', [1, 96, 103, 103])}\n${page('read', [50, 50, 50, 50])}\n`;
const commits = (text: string) => bucketsIn(text, 'took', { op: 'commit' });

test('only what was counted in between, of the labels that are asked for', () => {
  expect(countedBetween(commits(before), commits(after), 0.01)).toEqual({ count: 100, within: 94, p95AtMost: 0.1 });
  expect(countedBetween(bucketsIn(before, 'took'), bucketsIn(after, 'took'), 0.001)).toEqual({
    ...{ count: 141, within: 41, p95AtMost: 0.01 },
  });
  expect(countedBetween(commits(after), commits(after), 0.01)).toEqual({ count: 0, within: 0, p95AtMost: null });
});

test('what is above the last edge is said to be; an edge or a metric that is not there is refused', () => {
  const late = `${page('commit', [1, 2, 3, 10])}\n`;
  expect(countedBetween(commits(before), commits(late), 0.01).p95AtMost).toBe(Number.POSITIVE_INFINITY);
  expect(() => countedBetween(commits(before), commits(after), 0.05)).toThrow('0.05 is no edge');
  expect(() => bucketsIn(before, 'other')).toThrow('no series of other');
});
