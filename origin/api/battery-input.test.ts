import { describe, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import type { Answer, Json } from '../testing/sample-api.ts';
import { callOf, operationsOf, pathOf, type Schema, send, someId } from '../testing/sample-operations.ts';
import { SampleWorld } from '../testing/sample-world.ts';

const world = await SampleWorld.start(await createTestDatabase());
const operations = await operationsOf(world);
const each = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);
const having = (holds: (operation: (typeof operations)[number]) => boolean) => each.filter(([, one]) => holds(one));

function expectRefusal(answer: Answer, status: number, error_code: string, field?: string): void {
  const details = field === undefined ? {} : { details: expect.arrayContaining([expect.objectContaining({ field })]) };
  expect(answer).toMatchObject({ status, body: { error_code, status, ...details } });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
}

describe.each(having(({ method }) => method !== 'GET'))('%s', (_, operation) => {
  test('refuses what is no JSON, no JSON by its name, or too large', async () => {
    const call = await callOf(world, operation);
    for (const body of ['{', '{"a":1', 'a=1', '\ufeff{}', '[', 'nul'])
      expectRefusal(await send(world, operation, call, { body }), 400, 'body_malformed');
    if (operation.body !== null) expectRefusal(await send(world, operation, call, { body: '' }), 400, 'body_malformed');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', ''])
      expectRefusal(
        await send(world, operation, call, {
          body: JSON.stringify(call.body ?? {}),
          headers: { 'content-type': type },
        }),
        ...([415, 'content_type_unsupported'] as const),
      );
    const body = `{"a":"${'x'.repeat(limits.bodyBytesMax)}"}`;
    expectRefusal(await send(world, operation, call, { body }), 413, 'body_too_large', 'body');
  });

  test('refuses a field that it does not know, by name', async () => {
    const call = await callOf(world, operation);
    for (const field of ['unknown_field', '__proto__', 'constructor', 'State'])
      expectRefusal(
        await send(world, operation, call, { body: withField(call.body, field) }),
        ...([422, 'field_invalid', field] as const),
      );
    const deep = `{"deep":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expectRefusal(await send(world, operation, call, { body: deep }), 422, 'field_invalid', 'deep');
    for (const body of ['[]', '1', 'null', '"text"'])
      expectRefusal(await send(world, operation, call, { body }), 422, 'field_invalid', 'body');
  });

  test('refuses a field that stands there twice, at any depth, and an amount that JSON would round', async () => {
    const call = await callOf(world, operation);
    const text = JSON.stringify(call.body ?? {});
    const first = Object.keys(call.body ?? {})[0] ?? 'a';
    const begun = text === '{}' ? '{"a":1' : text.slice(0, -1);
    const escaped = `\\u00${first.charCodeAt(0).toString(16)}${first.slice(1)}`;
    for (const [more, field] of [
      [`"${first}":1`, first],
      [`"${escaped}":1`, first],
      ['"__proto__":1,"__proto__":2', '__proto__'],
      ['"deep":[{"x":{"y":1,"\\u0079":1}}]', 'deep[0].x.y'],
      ['"odd_minor":100.00000000000000001', 'odd_minor'],
      ['"deep":{"amount":1e2}', 'deep.amount'],
    ] as const)
      expectRefusal(
        await send(world, operation, call, { body: `${begun},${more}}` }),
        ...([422, 'field_invalid', field] as const),
      );
  });

  test('refuses card data, and keeps and repeats none of it', async () => {
    const call = await callOf(world, operation);
    world.api.logged.length = 0;
    for (const bad of [{ cvv: '123' }, { note: 'card 4111 1111 1111 1111 please' }, { deep: [{ pan: 1 }] }]) {
      const answer = await send(world, operation, call, { body: { ...call.body, ...bad } });
      expectRefusal(answer, 422, 'card_data_refused');
      expect(answer.text).not.toContain('4111');
    }
    expect(world.api.logged.join('')).not.toContain('4111');
  });
});

/** Written by hand: an object's own `__proto__` would not be. */
function withField(body: Json | undefined, field: string): string {
  const text = JSON.stringify(body ?? {});
  return text === '{}' ? `{"${field}":1}` : text.replace('{', `{"${field}":1,`);
}

/** A value of another type than the field's. Null where any type is fine. */
function wrongFor(schema: Schema): unknown {
  const types = [schema.type ?? (schema.enum === undefined ? [] : 'string')].flat();
  if (types.length === 0) return null;
  return types.includes('object') ? 'a text' : { not: 'this' };
}

describe.each(having(({ body }) => body !== null))('%s', (_, operation) => {
  const { properties = {}, required = [] } = operation.body ?? {};

  test.runIf(required.length > 0)('needs each field that it needs, by name', async () => {
    const call = await callOf(world, operation);
    for (const field of required) {
      const { [field]: left, ...body } = call.body ?? {};
      expect(left).toBeDefined();
      expectRefusal(await send(world, operation, call, { body }), 422, 'field_invalid', field);
    }
  });

  test('refuses a value of another type, by the name of its field', async () => {
    const call = await callOf(world, operation);
    for (const [field, schema] of Object.entries(properties)) {
      const wrong = wrongFor(schema) ?? { not: 'this' };
      const answer = await send(world, operation, call, { body: { ...call.body, [field]: wrong } });
      expect(answer).toMatchObject({ status: 422, body: { error_code: 'field_invalid' } });
      const named = (answer.body['details'] as { field: string }[]).map((one) => one.field);
      expect(named.some((name) => name === field || name.startsWith(`${field}.`) || name.startsWith(`${field}[`))).toBe(
        true,
      );
    }
  });
});

describe.each(each)('%s', (_, operation) => {
  const queries = operation.parameters.filter((parameter) => parameter.in === 'query');
  const ids = operation.parameters.filter((parameter) => parameter.in === 'path');

  test('refuses a query parameter that it does not know, and any that is repeated', async () => {
    const call = await callOf(world, operation);
    const path = pathOf(operation, call);
    const ask = (query: string) => {
      const headers = { 'idempotency-key': 'key-of-a-query' };
      return world.api.call(operation.method, `${path}${path.includes('?') ? '&' : '?'}${query}`, call.body, headers);
    };
    for (const name of ['unknown', '__proto__', 'Limit'])
      expectRefusal(await ask(`${name}=1`), 422, 'field_invalid', name);
    expectRefusal(await ask('unknown=1&unknown=1'), 422, 'field_invalid', 'unknown');
    for (const { name } of queries) expectRefusal(await ask(`${name}=1&${name}=1`), 422, 'field_invalid', name);
  });

  test.runIf(queries.length > 0)('refuses a value of a query parameter that cannot be, by name', async () => {
    const call = await callOf(world, operation);
    const needed = Object.fromEntries(
      queries.filter((one) => one.required).map(({ name }) => [name, call.query?.[name] ?? '']),
    );
    for (const { name, schema, required } of queries) {
      const free = schema.type === 'string' && schema.pattern === undefined && schema.enum === undefined;
      for (const wrong of schema.type === 'integer'
        ? ['0', '-1', '1.5', 'ten', '999999999999']
        : free
          ? ['']
          : ['x', 'two words', ''].filter((word) => !new RegExp(schema.pattern ?? '^$^').test(word)))
        expectRefusal(
          await send(world, operation, { ...call, query: { ...needed, [name]: wrong } }),
          ...([422, 'field_invalid', name] as const),
        );
      if (required) expectRefusal(await send(world, operation, { ...call, query: {} }), 422, 'field_invalid', name);
    }
  });

  test.runIf(ids.length > 0)('does not find an id that is nobody’s, nor one that is none', async () => {
    const call = await callOf(world, operation);
    for (const { name, schema } of ids) {
      const prefix = /^\^(\w+)_/.exec(schema.pattern ?? '')?.[1];
      const nobodys =
        prefix === undefined ? ['4242424'] : [someId(prefix), someId(prefix).toUpperCase(), someId('evt')];
      for (const id of [...nobodys, 'x', '0', '-1', '%00', "'--", '%2e%2e%2fx', `${'9'.repeat(40)}`, '%F0%9F%92%B3']) {
        const answer = await send(world, operation, { ...call, params: { ...call.params, [name]: id } });
        expect([id, answer.status]).toEqual([id, 404]);
        expect(answer.body['error_code']).toMatch(/_not_found$/);
      }
    }
  });
});

const taking = (required: boolean) =>
  having(({ parameters }) => parameters.some((one) => one.name === 'Idempotency-Key' && one.required === required));

describe.each([...taking(true), ...taking(false)])('%s', (_, operation) => {
  const required = operation.parameters.some((one) => one.name === 'Idempotency-Key' && one.required);

  test('is done once for a key, answers a repeat with the same bytes, and another request with a refusal', async () => {
    const call = await callOf(world, operation);
    const headers = { 'idempotency-key': `battery-${operation.operationId}` };
    const first = await send(world, operation, call, { headers });
    expect(first).toMatchObject({ status: operation.status });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const again = await send(world, operation, call, {
      headers: { 'idempotency-key': `"${headers['idempotency-key']}"` },
    });
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    const other = await callOf(world, operation);
    // Another body, or another id: what makes a request another one.
    const differing = JSON.stringify(other) === JSON.stringify(call) ? { ...other, body: changed(other.body) } : other;
    expectRefusal(await send(world, operation, differing, { headers }), 422, 'idempotency_key_reused');
  });

  test('refuses a key that is none, and does without where it may', async () => {
    const call = await callOf(world, operation);
    for (const key of ['', ' ', '""', '"open', 'two words', 'ümlaut', 'x'.repeat(256)])
      expectRefusal(
        await send(world, operation, call, { headers: { 'idempotency-key': key } }),
        ...([400, 'idempotency_key_malformed', 'idempotency-key'] as const),
      );
    const without = await world.api.call(operation.method, pathOf(operation, call), call.body);
    if (required) expectRefusal(without, 400, 'idempotency_key_missing', 'idempotency-key');
    else expect(without.status).toBe(operation.status);
  });
});

function changed(body: Json = {}): Json {
  const name = Object.keys(body).find((one) => typeof body[one] === 'number' || one === 'name');
  if (name === undefined) throw new Error('a sample without a number or a name cannot be changed here');
  const value = body[name];
  return { ...body, [name]: typeof value === 'number' ? value + 1 : `${value} too` };
}
