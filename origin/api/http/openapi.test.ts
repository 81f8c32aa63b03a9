// The document as its readers have it: names of types, sizes, patterns that any language reads, the newest version first.

import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import { scopes } from '../identity/caller.ts';
import { createComponentSchemas } from './component-schemas.ts';

type Node = { readonly [name: string]: unknown };
interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly security: readonly Record<string, readonly string[]>[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Node }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Node }> }>;
  readonly 'x-scope': string;
}

let text: string;
let schemas: Record<string, Node>;
let operations: Operation[];
beforeAll(async () => {
  const api = await SampleApi.start(await createTestDatabase());
  text = await (await api.app.request('/openapi.json')).text();
  const document = JSON.parse(text) as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, Node> };
  };
  schemas = document.components.schemas;
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  return () => api.close();
});

/** Every value under this name, wherever it stands. */
function allOf(name: string, value: unknown = JSON.parse(text)): unknown[] {
  if (Array.isArray(value)) return value.flatMap((member) => allOf(name, member));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [...(key === name ? [member] : []), ...allOf(name, member)]);
}

describe('the document', () => {
  test('is small enough to be read at once', () => {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(600_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(100_000);
  });

  test('calls each body and each answer by a name', () => {
    const named = /^#\/components\/schemas\/[A-Z][A-Za-z0-9]*$/;
    let seen = 0;
    for (const { operationId, requestBody, responses } of operations)
      for (const { content = {} } of [...(requestBody === undefined ? [] : [requestBody]), ...Object.values(responses)])
        for (const { schema } of Object.values(content)) {
          expect([operationId, schema['$ref']]).toEqual([operationId, expect.stringMatching(named)]);
          seen += 1;
        }
    expect(seen).toBeGreaterThan(700);
  });

  test.each([
    ['readCard', 'Card'],
    ['createCard', 'Card'],
    ['createSettlement', 'Settlement'],
    ['discardSettlementDeadLetter', 'Settlement'],
    ['readMerchant', 'Merchant'],
    ['listCards', 'CardsPage'],
  ])('%s answers %s', (operationId, name) => {
    const { responses } = operations.find((one) => one.operationId === operationId) as Operation;
    const [, answer] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
    expect(answer?.content?.['application/vnd.atlas.v1+json']?.schema).toEqual({
      $ref: `#/components/schemas/${name}`,
    });
  });

  test('says what a control is once as it is given, once as it was written, once as it is in force', () => {
    for (const name of ['Control', 'WrittenControl', 'GivenControl'])
      expect(schemas[name]?.['oneOf']).toEqual(
        ['Block', 'AllowOnly', 'Limit', 'RequireAuthentication', 'AdjustHold'].map((does) => ({
          $ref: `#/components/schemas/${name.replace('Control', `${does}Control`)}`,
        })),
      );
  });

  test('has no name that nothing refers to, and no reference to what is not there', () => {
    const referred = new Set(allOf('$ref').filter((ref) => String(ref).startsWith('#/components/schemas/')));
    expect([...referred].toSorted()).toEqual(
      Object.keys(schemas)
        .map((name) => `#/components/schemas/${name}`)
        .toSorted(),
    );
  });

  test('shows the newest version first, the older one as it differs', () => {
    const types = ['application/vnd.atlas.v1+json', 'application/vnd.atlas.v0+json'];
    const answers = operations.flatMap(({ responses }) =>
      Object.entries(responses).filter(([status, { content }]) => status.startsWith('2') && content !== undefined),
    );
    expect(answers.length).toBeGreaterThan(50);
    for (const [, { content = {} }] of answers) expect(Object.keys(content)).toEqual(types);
    const [state, status] = [schemas['Settlement'], schemas['SettlementV0']].map((one) =>
      Object.keys(one?.['properties'] as Node),
    );
    expect([state?.includes('state'), state?.includes('status')]).toEqual([true, false]);
    expect([status?.includes('state'), status?.includes('status')]).toEqual([false, true]);
  });

  test('says of each operation which scope it needs, for programs and for people', () => {
    for (const { security, description, 'x-scope': scope } of operations) {
      expect(scopes).toContain(scope);
      expect(security).toEqual([{ api_key: [scope] }]);
      expect(description).toContain(`Scope: \`${scope}\``);
    }
  });

  test('has patterns that are read alike in every language: no classes of Unicode properties', () => {
    const patterns = allOf('pattern').filter((pattern) => typeof pattern === 'string');
    expect(patterns.length).toBeGreaterThan(20);
    for (const pattern of patterns) {
      expect(pattern).not.toMatch(/\\[pP]\{|\\u\{|\(\?<[=!]/);
      expect(() => new RegExp(pattern)).not.toThrow();
    }
  });
});

describe('names of schemas', () => {
  const text = { type: 'string' };
  const card = { type: 'object', properties: { id: text } };

  test('stand for the same schema wherever it is written, in whatever order, with what is said of that place', () => {
    const components = createComponentSchemas();
    components.name('Card', card);
    const again = { properties: { id: { ...text } }, type: 'object' };
    const page = {
      type: 'object',
      properties: { cards: { type: 'array', items: again }, first: { ...again, default: {} } },
    };
    components.name('CardsPage', page);
    const ref = '#/components/schemas/Card';
    expect(components.referring(page)).toEqual({ $ref: '#/components/schemas/CardsPage' });
    expect(components.all()['CardsPage']).toEqual({
      ...{ type: 'object' },
      properties: { cards: { type: 'array', items: { $ref: ref } }, first: { $ref: ref, default: {} } },
    });
    expect(components.all()['Card']).toEqual(card);
  });

  test('are one schema each, and the first name of a schema stays', () => {
    const components = createComponentSchemas();
    components.name('Card', card);
    components.name('CreateCardAnswer', card);
    expect(components.referring(card)).toEqual({ $ref: '#/components/schemas/Card' });
    expect(() => components.name('Card', { type: 'object', properties: { id: { type: 'integer' } } })).toThrow('Card');
  });
});
