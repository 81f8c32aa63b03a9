// The worst that fits into one body: no request may keep the process from answering others, and no answer is larger than it helps.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../contracts/limits.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { callOf, type Operation, operationsOf, send } from '../../testing/sample-operations.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

// At the top: the tests are made of the document that the API serves.
const world = await SampleWorld.start(await createTestDatabase());
const operations = (await operationsOf(world)).filter(({ body }) => body !== null);
afterAll(() => world.api.close());

/** A body of the size that is just taken. */
const bytes = limits.bodyBytesMax - 2_000;
const words = (length: number, word: (n: number) => unknown) => {
  const list: unknown[] = [];
  for (let size = 0; size < length; ) {
    const next = word(list.length);
    list.push(next);
    size += JSON.stringify(next).length + 1;
  }
  return list;
};
/** Pseudo-words of the length of real ones, all different: each is as near to many words as a random text can be. */
const wordOf = (n: number) => `lodgin${n.toString(36)}s_${(n * 7919).toString(36)}`;
const control = (category: unknown) => ({
  ...{ control_id: 'c', mode: 'enforce', applies_to: { category: { any_of: category } }, does: { type: 'block' } },
});

/** What this took of the processor, in ms: the event loop is silent for as long. Not the time, in which others compute too. */
async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Of one request; it was 2,500. */
const cpuMsMax = 150;

describe('thousands of unknown words', () => {
  const list = words(bytes - 500, wordOf);
  const lists = Array.from({ length: 150 }, (_, n) => control(list.slice(n * 12, n * 12 + 12)));
  test.each<[string, unknown]>([
    ['in one control', [control(list)]],
    ['as many as one list may have', [control(list.slice(0, limits.controlValuesMax))]],
    ['in many controls', lists],
    ['of one very long word', [control(['x'.repeat(bytes - 500)])]],
    ['in more controls than there may be', words(bytes - 500, () => ({}))],
  ])('X3: %s cost no more than a usual request, and are answered shortly', async (_, controls) => {
    const { api } = world;
    const calls: [string, unknown][] = [
      ['/control-sets', { name: 'x', controls }],
      ['/controls/backtest', { card_id: (await world.card()).card_id, controls }],
    ];
    for (const [path, body] of calls) {
      let text = '';
      const cpuMs = await cpuMsOf(async () => {
        for (let n = 0; n < 12; n++) {
          const answer = await api.call('POST', path, body);
          expect(answer.status).toBe(422);
          expect((answer.body['details'] as unknown[]).length).toBeLessThanOrEqual(20);
          text = answer.text;
        }
      });
      expect(text.length).toBeLessThan(8_000);
      expect(text.split('did you mean').length).toBeLessThanOrEqual(3);
      expect(cpuMs / 12, path).toBeLessThan(cpuMsMax);
    }
  });
});

/** Bodies that are out of contract in every way that grows. */
const bodies: readonly [string, (operation: Operation) => unknown][] = [
  ['unknown fields', () => Object.fromEntries(words(bytes, (n) => `f${n}`).map((name) => [name, 1]))],
  ['one field with a very long name', () => ({ ['x'.repeat(bytes)]: 1 })],
  ['lists of numbers', ({ body }) => eachField(body, (n) => words(n, (i) => i))],
  ['lists of texts', ({ body }) => eachField(body, (n) => words(n, wordOf))],
  ['lists of objects', ({ body }) => eachField(body, (n) => words(n, () => ({})))],
  ['deep lists', ({ body }) => eachField(body, (n) => `${deep} ${n}`)],
  ['long texts', ({ body }) => eachField(body, (n) => 'a1-'.repeat(n / 3 - 5))],
  ['long digits', ({ body }) => eachField(body, (n) => '4111 '.repeat(n / 5 - 5))],
];

/** As text: JSON.stringify has no stack for it. */
const deep = 'as deep as';
function textOf(body: unknown): string {
  return JSON.stringify(body).replaceAll(/"as deep as (\d+)"/g, (_, n) => {
    const levels = Math.floor(Number(n) / 2) - 10;
    return '['.repeat(levels) + ']'.repeat(levels);
  });
}

function eachField(body: Operation['body'], value: (bytes: number) => unknown): Record<string, unknown> {
  const names = Object.keys(body?.properties ?? {});
  const each = Math.floor(bytes / Math.max(1, names.length)) - 40;
  return Object.fromEntries(names.map((name) => [name, value(each)]));
}

beforeAll(() => expect(operations.length).toBeGreaterThan(15));

describe.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  '%s',
  (_, operation) => {
    test('X3: no body of 64 KiB silences the process, and none is answered at length', async () => {
      const call = await callOf(world, operation);
      for (const [what, bodyOf] of bodies) {
        const body = textOf(bodyOf(operation));
        let answer = { status: 0, text: '', body: {} as Record<string, unknown> };
        const cpuMs = await cpuMsOf(async () => {
          answer = await send(world, operation, call, { body });
        });
        expect([what, answer.status >= 400 && answer.status < 500], answer.text.slice(0, 300)).toEqual([what, true]);
        expect(((answer.body['details'] ?? []) as unknown[]).length, what).toBeLessThanOrEqual(20);
        expect(answer.text.length, what).toBeLessThan(12_000);
        expect(cpuMs, what).toBeLessThan(cpuMsMax);
      }
    });
  },
);

test('an object of more names than any route has is refused by their number, wherever it stands; one of fewer by its names', async () => {
  const namesOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 1]));
  const problem = 'has an object of more than 500 fields';
  const [first] = operations;
  if (first === undefined) throw new Error('no operation takes a body');
  const refused = async (body: object) => {
    const answer = await send(world, first, await callOf(world, first), { body });
    return [answer.status, (answer.body['details'] as { field: string; problem: string }[])[0]];
  };
  const tooMany = namesOf(501);
  for (const body of [tooMany, { a: { b: [[1, tooMany]] } }, { a: [{}, namesOf(5), tooMany] }])
    expect(await refused(body)).toEqual([422, { field: 'body', problem }]);
  expect(JSON.stringify(await refused(namesOf(500)))).not.toContain(problem);
});
