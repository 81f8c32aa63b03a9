// An origin that ends is started again, however often, and given up only where it does not become ready three times in a row.

import { expect, test } from 'vitest';
import type { Child } from './children.ts';
import { watchOrigin } from './origin-watch.ts';

const ended = (how: string): Child => ({ name: 'origin', exited: Promise.resolve(how), stop: () => Promise.resolve() });

test('two failures in a row are borne, three are not, and each end is said with what goes on', async () => {
  const said: string[] = [];
  const starts = ['broken', 'broken', 'fine', 'fine', 'broken', 'broken', 'broken'].values();
  const startAgain = (): Promise<Child> => {
    const next = starts.next().value;
    if (next === undefined) throw new Error('asked once more than it should');
    return next === 'fine' ? Promise.resolve(ended('exit 1')) : Promise.reject(new Error('origin did not start'));
  };
  const watched = watchOrigin({ first: ended('SIGKILL'), startAgain, say: (line) => said.push(line), waitMs: 1 });
  await expect(watched).rejects.toThrow('origin did not start');
  expect(starts.next().done).toBe(true);
  expect(said.filter((line) => line === 'the origin is back')).toHaveLength(2);
  expect(said[0]).toMatch(/^the origin has ended \(SIGKILL; .*The edge goes on deciding/);
  expect(said.filter((line) => line.includes('tried again'))).toHaveLength(4);
});
