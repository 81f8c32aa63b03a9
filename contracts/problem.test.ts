// How a refusal looks: the field and the rule, never the value.

import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { fieldProblems, problemBody, Refusal } from './problem.ts';

const schema = z.strictObject({
  amount_minor: z.int(),
  merchant: z.strictObject({ name: z.string() }).optional(),
  lines: z.array(z.strictObject({ memo: z.string().max(3, 'is too long') })).optional(),
});

function problemsOf(body: unknown, at?: string) {
  const { error } = schema.safeParse(body);
  return error === undefined ? [] : fieldProblems(error, at);
}

describe('a problem names its field', () => {
  test.each<[body: unknown, fields: readonly string[]]>([
    [{ amount_minor: 1 }, []],
    [{ amount_minor: '1' }, ['amount_minor']],
    [{}, ['amount_minor']],
    [null, ['body']],
    [{ amount_minor: 1, merchant: { name: 1 } }, ['merchant.name']],
    [{ amount_minor: 1, lines: [{ memo: '' }, { memo: 'long' }] }, ['lines[1].memo']],
    [{ amount_minor: 1, colour: 'blue', size: 1 }, ['colour', 'size']],
    [{ amount_minor: 1, merchant: { name: '', city: '' } }, ['merchant.city']],
    [{ amount_minor: 1.5, merchant: {} }, ['amount_minor', 'merchant.name']],
  ])('%j', (body, fields) => {
    expect(problemsOf(body).map(({ field }) => field)).toEqual(fields);
  });

  test('below where the body was found', () => {
    expect(problemsOf({}, 'transactions[2]')).toMatchObject([{ field: 'transactions[2].amount_minor' }]);
    expect(problemsOf(null, 'transactions[2]')).toMatchObject([{ field: 'transactions[2]' }]);
  });

  test('and never the value', () => {
    const secret = '4111111111111111';
    const bodies = [
      { amount_minor: secret },
      { amount_minor: 1, merchant: secret },
      { amount_minor: 1, lines: [{ memo: secret }] },
    ];
    for (const body of bodies) expect(JSON.stringify(problemsOf(body))).not.toContain(secret);
  });
});

test('a problem reads on from the name of its field', () => {
  const rules = z.strictObject({
    word: z.string().min(2),
    count: z.int().min(1).max(9),
    share: z.number().gt(0).lt(1),
    list: z.array(z.boolean()).min(1).max(2),
    mode: z.enum(['on', 'off']),
    one: z.literal(1),
  });
  const said = (body: object) => {
    const { error } = rules.safeParse(body);
    return error === undefined ? [] : fieldProblems(error).map(({ field, problem }) => `${field} ${problem}`);
  };
  expect(said({})).toEqual([
    'word is missing',
    'count is missing',
    'share is missing',
    'list is missing',
    'mode must be one of "on", "off"',
    'one must be 1',
  ]);
  expect(said({ word: 'a', count: 0, share: 0, list: [], mode: 'x', one: 1 })).toEqual([
    'word has fewer than 2 characters',
    'count must be at least 1',
    'share must be above 0',
    'list is empty',
    'mode must be one of "on", "off"',
  ]);
  expect(said({ word: 7, count: 1.5, share: 1, list: [true, 'x'], mode: null, one: 2 })).toEqual([
    'word must be a text',
    'count must be a whole number',
    'share must be below 1',
    'list[1] must be true or false',
    'mode must be one of "on", "off"',
    'one must be 1',
  ]);
});

test('a refusal is rendered with our members and those of RFC 9457', () => {
  const refusal = new Refusal(422, 'field_invalid', 'A field is out of contract.', [
    { field: 'a', problem: 'is no b' },
  ]);
  expect(problemBody(refusal, 'req_1')).toEqual({
    type: 'urn:atlas:error:field_invalid',
    title: 'field invalid',
    status: 422,
    error_code: 'field_invalid',
    message: 'A field is out of contract.',
    request_id: 'req_1',
    details: [{ field: 'a', problem: 'is no b' }],
  });
  expect(problemBody(new Refusal(401, 'credentials_invalid', 'Not known.'), 'req_1')).not.toHaveProperty('details');
});
