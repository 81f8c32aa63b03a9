import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { answersHeldTo } from '../../scripts/test-answers.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { errors } from '../errors.ts';
import { type Call, callOf, operationsOf, samples, send } from '../testing/sample-operations.ts';
import { SampleWorld } from '../testing/sample-world.ts';
import { honoPath } from './http/route.ts';
import { merchantScopes, type Scope } from './identity/caller.ts';

const world = await SampleWorld.start(await createTestDatabase());
const operations = await operationsOf(world);
const each = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);
world.api.onAnswer = await answersHeldTo(world.api);

const newestType = 'application/vnd.atlas.v1+json';
const oldType = 'application/vnd.atlas.v0+json';

describe.each(each)('%s', (_, operation) => {
  const keyOf = () =>
    operation.forMerchants ? Promise.resolve(world.own.key) : world.newKey({ scopes: [operation.scope as Scope] });

  test('serves a key of its scope as documented, in the newest version where none is asked for', async () => {
    const key = await keyOf();
    for (const accept of ['', '*/*', 'application/json', newestType, `text/html, ${newestType};q=0.5, */*;q=0.1`]) {
      const headers = accept === '' ? {} : { accept };
      const answer = await send(world, operation, await callOf(world, operation), { key, headers });
      expect([accept, answer.status, answer.text]).toEqual([accept, operation.status, answer.text]);
      expect(answer.headers.get('content-type')).toBe(operation.status === 204 ? null : newestType);
      expect(answer.headers.get('vary')).toBe('Accept, Accept-Encoding');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
      expect(answer.headers.get('deprecation')).toBeNull();
    }
  });

  test('serves the version before it too, as documented, and says until when', async () => {
    const headers = { accept: oldType };
    const answer = await send(world, operation, await callOf(world, operation), { key: await keyOf(), headers });
    expect(answer.status).toBe(operation.status);
    expect(answer.headers.get('content-type')).toBe(operation.status === 204 ? null : oldType);
    expect(answer.headers.get('deprecation')).toBe('@1793491200');
    expect(answer.headers.get('sunset')).toBe('Mon, 01 Nov 2027 00:00:00 GMT');
    expect(answer.headers.get('link')).toBe(
      '</docs#versions>; rel="deprecation"; type="text/html", </docs#versions>; rel="sunset"; type="text/html"',
    );
    expect(answer.headers.get('vary')).toBe('Accept, Accept-Encoding');
  });
});

const lists = operations.filter(({ parameters }) => parameters.some(({ name }) => name === 'cursor'));

describe.each(lists.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  '%s',
  (_, operation) => {
    async function all(call: Call, limit: number): Promise<unknown[]> {
      const items: unknown[] = [];
      for (let cursor: unknown = ''; cursor !== null; ) {
        const query = { ...call.query, limit: String(limit), ...(cursor === '' ? {} : { cursor: String(cursor) }) };
        const { status, body } = await send(world, operation, { ...call, query });
        expect(status).toBe(200);
        const page = Object.values(body).find(Array.isArray) ?? [];
        expect(page.length).toBeLessThanOrEqual(limit);
        items.push(...page);
        cursor = body['next_cursor'];
      }
      return items;
    }

    test('lists each item once, however small its pages are', async () => {
      for (let n = 0; n < 3; n += 1) await callOf(world, operation);
      const call = await callOf(world, operation);
      const items = await all(call, 100);
      expect(await all(call, 7)).toEqual(items);
      expect(new Set(items.map((item) => JSON.stringify(item))).size).toBe(items.length);
    });

    test('refuses a cursor of another listing', async () => {
      const call = await callOf(world, operation);
      for (const cursor of [Buffer.from('x y z').toString('base64url'), '!', Buffer.from('-1').toString('base64url')]) {
        const answer = await send(world, operation, { ...call, query: { ...call.query, cursor } });
        expect(answer).toMatchObject({ status: 422, body: { details: [{ field: expect.stringMatching(/^cursor/) }] } });
      }
    });
  },
);

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const document = (await (await world.api.app.request('/openapi.json')).json()) as Record<string, unknown>;
    const validator = new Validator();
    expect(await validator.validate(document)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('has all that the router has, but what is for machines and the page itself', () => {
    const outside = [
      ...['GET /', 'GET /livez', 'GET /readyz', 'GET /health', 'GET /metrics'],
      ...['POST /internal/card-events', 'POST /provider-webhooks/:provider'],
      ...['GET /openapi.json', 'GET /docs', 'GET /docs/start.js'],
      ...['GET /docs/swagger-ui.css', 'GET /docs/swagger-ui-bundle.js'],
    ];
    const routed = world.api.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    const documented = operations.map(({ method, path }) => `${method} ${honoPath(path)}`);
    expect(routed.toSorted()).toEqual([...documented, ...outside].toSorted());
    expect(new Set(routed).size).toBe(routed.length);
  });

  test('names each operation once, and each has a sample that the battery sends', () => {
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(samples).toSorted()).toEqual(names.toSorted());
  });

  test('asks of a merchant’s routes only for scopes that a merchant’s key can have', () => {
    const wanted = operations.filter(({ forMerchants }) => forMerchants).map(({ scope }) => scope);
    expect([...new Set(wanted)].filter((scope) => !merchantScopes.some((one) => one === scope))).toEqual([]);
  });

  test('names no status that no error has', () => {
    // 431 is the listener's, before any code of ours.
    const known = new Set<number>([...Object.values(errors).map(({ status }) => status), 200, 201, 202, 204, 431]);
    expect(operations.flatMap(({ statuses }) => statuses).filter((status) => !known.has(status))).toEqual([]);
  });
});
