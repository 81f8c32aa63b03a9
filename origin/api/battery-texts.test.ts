// Every text of the API, in every route's body and query, written oddly: what may not be kept is refused by the name of its field,
// and nothing is ever answered with a failure of ours. The classes are those of docs/bad-input.md.

import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import type { Json } from '../testing/sample-api.ts';
import { callOf, operationsOf, send } from '../testing/sample-operations.ts';
import { SampleWorld } from '../testing/sample-world.ts';

const world = await SampleWorld.start(await createTestDatabase());
const operations = await operationsOf(world);
const each = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);

/** What must be refused by name, wherever it stands: it could be stored nowhere, or forge what is. */
const unfit: readonly (readonly [string, (text: string) => string])[] = [
  ['NUL', (text) => `${text}\u0000b`],
  ['a line break', (text) => `${text}\nb`],
  ['an escape', (text) => `${text}\u001b[31m`],
  ['half a character', (text) => `${text}\ud83d`],
  ['a mark of direction', (text) => `\u202e${text}`],
  ['a single mark of direction', (text) => `${text}\u200f`],
  ['a line separator', (text) => `${text}\u2028b`],
  ['tag characters', (text) => `${text}\u{e0041}\u{e0042}`],
  ['a sign that nobody sees', (text) => `${text}\u200b`],
];

/** What may be taken or refused, as the field's own form says; never a failure. */
const odd: readonly (readonly [string, (text: string) => unknown])[] = [
  ['empty', () => ''],
  ['spaces', () => '   '],
  ['too long', (text) => text.padEnd(10_000, 'x')],
  ['combining marks', (text) => `${text}e\u0301\u0323`],
  ['full width', (text) => `${text}２４`],
  ['an emoji', (text) => `${text}😀`],
  ['a number', () => 742],
  ['negative zero', () => -0],
  ['a huge number', () => 1e308],
  ['null', () => null],
  ['a list', (text) => [text, text]],
];

/** Places of the texts in a body, as names and indexes. */
function placesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value === 'string') return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => placesOf(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => placesOf(item, [...path, name]));
}

function withChanged(body: Json, path: readonly (string | number)[], change: (text: string) => unknown): Json {
  const changed = structuredClone(body);
  let at = changed as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) at = at[part] as typeof at;
  const last = path.at(-1) ?? '';
  at[last] = change(String(at[last]));
  return changed;
}

const nameOf = (path: readonly (string | number)[]) =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

describe.each(each.filter(([, { body }]) => body !== null))('%s', (_, operation) => {
  test('S3: a control character or half a character in any text of its body is 422, by the name of the field', async () => {
    const call = await callOf(world, operation);
    const extra = call.body === undefined ? {} : call.body;
    for (const path of placesOf(extra))
      for (const [label, change] of unfit) {
        const answer = await send(world, operation, call, { body: withChanged(extra, path, change) });
        expect([label, answer.status, answer.body['error_code']]).toEqual([label, 422, 'field_invalid']);
        expect(answer.body['details']).toContainEqual(expect.objectContaining({ field: nameOf(path) }));
      }
  });

  test('any other odd text is taken or refused, and never a failure', async () => {
    const call = await callOf(world, operation);
    for (const path of placesOf(call.body ?? {}))
      for (const [label, change] of odd) {
        const answer = await send(world, operation, call, { body: withChanged(call.body ?? {}, path, change) });
        expect([nameOf(path), label, answer.status < 500]).toEqual([nameOf(path), label, true]);
      }
  });
});

describe.each(each)('%s', (_, operation) => {
  const queries = operation.parameters.filter((parameter) => parameter.in === 'query');

  test.runIf(queries.length > 0)('S3: the same in a parameter of its query', async () => {
    const call = await callOf(world, operation);
    for (const { name } of queries)
      for (const text of ['a\u0000b', 'a\nb', '\u001b']) {
        const answer = await send(world, operation, { ...call, query: { ...call.query, [name]: text } });
        expect([name, answer.status, answer.body['error_code']]).toEqual([name, 422, 'field_invalid']);
        expect(answer.body['details']).toContainEqual(expect.objectContaining({ field: name }));
      }
  });

  test.runIf(queries.length > 0)(
    'any other odd text in its query is taken or refused, and never a failure',
    async () => {
      const call = await callOf(world, operation);
      for (const { name } of queries)
        for (const text of ['', ' ', 'x'.repeat(3_000), 'e\u0301', '２４', '-0', '1e308', 'null', '😀']) {
          const answer = await send(world, operation, { ...call, query: { ...call.query, [name]: text } });
          expect([name, text, answer.status < 500]).toEqual([name, text, true]);
        }
    },
  );
});

test.each([{ provider: 'a\u0000b' }, { failure_code: 'a\u0000b' }])(
  'S3: POST /settlement-dead-letters/replay %j is 422',
  async (body) => {
    const operation = operations.find(({ operationId }) => operationId === 'replaySettlementDeadLetters');
    if (operation === undefined) throw new Error('there should be such an operation');
    const answer = await send(world, operation, { body });
    expect(answer).toMatchObject({ status: 422, body: { details: [{ field: Object.keys(body)[0] }] } });
  },
);
