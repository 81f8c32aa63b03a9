import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { limits } from '../../contracts/limits.ts';
import { createCallsInOne, type EdgeCall } from './calls-in-one.ts';
import { EdgeRefused } from './edge-answer.ts';

interface Answered {
  readonly token: string;
}
const schema = z.object({ token: z.string() });
const named = (token: string, body = ''): EdgeCall<Answered> => ({
  schema,
  method: 'GET',
  path: `/cards/${token}`,
  body,
});
const tokens = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

/** How many cards each call asked for; 1: by itself. */
let asked: number[];
let most: number;
let under: number;
let isAway: boolean;
/** What the edge says to a call of several before it looks at them. */
let refusal: EdgeRefused | null;
/** Cards of which no answer comes. */
let silent: Set<string>;
/** Cards in a call from which on none comes either. */
let tooMany: number;

beforeEach(() => {
  [asked, most, under, isAway, refusal, silent] = [[], 0, 0, false, null, new Set()];
  tooMany = Number.POSITIVE_INFINITY;
});

const callsInOne = () =>
  createCallsInOne({
    async call<T>({ schema: of, path, body }: EdgeCall<T>): Promise<T> {
      const inner = path === '/internal/calls' ? (JSON.parse(body) as { path: string }[]) : [{ path }];
      asked.push(inner.length);
      under += 1;
      most = Math.max(most, under);
      await Promise.resolve();
      under -= 1;
      if (isAway) throw new Error('the edge cannot be reached: ECONNREFUSED');
      if (inner.length >= tooMany || inner.some((one) => silent.has(one.path)))
        throw new Error('the edge cannot be reached: TimeoutError');
      if (path !== '/internal/calls') return z.parse(of, { token: path.slice('/cards/'.length) });
      if (refusal !== null) throw refusal;
      const answers = inner.map((one) => ({ status: 200, body: { token: one.path.slice('/cards/'.length) } }));
      return z.parse(of, answers);
    },
    ping: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()),
  });

const answered = (names: readonly string[]) => names.map((token) => ({ status: 'fulfilled', value: { token } }));

test('a hundred in a call, all at one time, and the answers in the order of the questions', async () => {
  const names = tokens(250);
  expect(await callsInOne()(names.map((token) => named(token)))).toEqual(answered(names));
  expect(asked.toSorted()).toEqual([100, 100, 50]);
  expect(await callsInOne()([])).toEqual([]);
});

test('as many as fit in what the edge reads of one call', async () => {
  const large = tokens(40).map((token) => named(token, '"'.repeat(limits.profileBytesMax / 2)));
  expect(await callsInOne()(large)).toHaveLength(40);
  expect(Math.max(...asked)).toBeLessThan(20);
  expect(asked.reduce((sum, one) => sum + one)).toBe(40);
});

test.each([
  [404, 'route_not_found'],
  [413, 'body_too_large'],
])(
  'an edge of the release before (%i %s) is asked one by one, a few at a time, and not tried anew each time',
  async (status, code) => {
    refusal = new EdgeRefused(status, code, 'POST');
    const [names, ask] = [tokens(60), callsInOne()];
    expect(await ask(names.map((token) => named(token)))).toEqual(answered(names));
    expect([asked.length, most]).toEqual([61, 20]);
    expect(await ask(names.map((token) => named(token)))).toEqual(answered(names));
    expect(asked.filter((cards) => cards > 1)).toHaveLength(1);
  },
);

test('a card that does not answer keeps none of the others, and is asked by itself from then on, until it answers', async () => {
  silent.add('/cards/t7');
  const [names, ask] = [tokens(60), callsInOne()];
  const others = names.filter((token) => token !== 't7');
  const settle = async () => {
    asked = [];
    const outcomes = await ask(names.map((token) => named(token)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual(answered(others));
    return asked.toSorted((one, other) => other - one);
  };
  expect(await settle()).toEqual([60, ...names.map(() => 1)]);
  // Half as many in a call as before, until calls are answered in time again.
  expect(await settle()).toEqual([50, 9, 1]);
  silent.clear();
  await ask([named('t7')]);
  asked = [];
  expect(await ask(names.map((token) => named(token)))).toEqual(answered(names));
  expect(asked).toEqual([60]);
});

test('an edge that is too slow for a hundred cards is asked for fewer, and for more again while it answers', async () => {
  const [names, ask] = [tokens(200), callsInOne()];
  const sizes = async () => {
    asked = [];
    await ask(names.map((token) => named(token)));
    return Math.max(...asked);
  };
  tooMany = 30;
  const before = [await sizes(), await sizes(), await sizes()];
  expect(before[0]).toBe(100);
  expect(before.at(-1)).toBeLessThanOrEqual(30);
  tooMany = Number.POSITIVE_INFINITY;
  const after = [];
  for (let rounds = 0; rounds < 20; rounds += 1) after.push(await sizes());
  expect(after.at(-1)).toBe(100);
});

test('an edge that is away is told so by one call, not by one a card', async () => {
  isAway = true;
  const outcomes = await callsInOne()(tokens(60).map((token) => named(token)));
  expect([outcomes.every(({ status }) => status === 'rejected'), outcomes.length, asked]).toEqual([true, 60, [60]]);
});
