// Examples and links of the document: as the schemas say, accepted by a running service, and leading to every route that needs an id.

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats, { type FormatsPlugin } from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { callOf, operationsOf, send } from '../../testing/sample-operations.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { examples } from './examples.ts';
import type { Json } from './json-schema.ts';

interface Content {
  readonly [type: string]: { readonly schema: Json; readonly example?: unknown };
}
interface Link {
  readonly operationId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly requestBody?: Readonly<Record<string, string>>;
}
interface Documented {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json; example?: unknown }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content; readonly links?: Record<string, Link> }>>;
}

const world = await SampleWorld.start(await createTestDatabase());
const document = (await (await world.api.app.request('/openapi.json')).json()) as {
  paths: Record<string, Record<string, Documented>>;
};
const documented = Object.values(document.paths).flatMap((methods) => Object.values(methods));
const byName = new Map(documented.map((operation) => [operation.operationId, operation]));
const each = documented.map((operation) => [operation.operationId, operation] as const);

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as FormatsPlugin)(ajv);
ajv.addSchema(document, 'openapi');

/** References of the document lead into the document. */
function problemsOf(schema: Json, value: unknown): string | null {
  const inside = JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));
  return ajv.validate(inside, value) ? null : ajv.errorsText();
}

function answerOf({ responses }: Documented) {
  const [, answer = {}] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
  return answer;
}

test('each operation has an example, and no other has', () => {
  expect(Object.keys(examples).toSorted()).toEqual([...byName.keys()].toSorted());
});

describe.each(each)('the example of %s', (name, operation) => {
  test('is as the schemas say: parameters, body, and the answer in every version', () => {
    let seen = 0;
    for (const parameter of operation.parameters) {
      if (parameter.required) expect([parameter.name, parameter.example]).not.toEqual([parameter.name, undefined]);
      if (parameter.example === undefined) continue;
      expect([parameter.name, problemsOf(parameter.schema, parameter.example)]).toEqual([parameter.name, null]);
      seen += 1;
    }
    const contents = [operation.requestBody?.content ?? {}, answerOf(operation).content ?? {}];
    for (const [type, { schema, example }] of contents.flatMap((content) => Object.entries(content))) {
      expect([type, example]).not.toEqual([type, undefined]);
      expect([type, problemsOf(schema, example)]).toEqual([type, null]);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(0);
    const told = new Set(operation.parameters.map((parameter) => parameter.name));
    expect(Object.keys(examples[name]?.parameters ?? {}).filter((parameter) => !told.has(parameter))).toEqual([]);
  });
});

const withBody = (await operationsOf(world)).filter(({ body }) => body !== null);

test.each(withBody.map((operation) => [operation.operationId, operation] as const))(
  'the body of %s is accepted, once its ids are those of things that there are',
  async (name, operation) => {
    const call = await callOf(world, operation);
    const body = { ...examples[name]?.body, ...idsIn(call.body ?? {}), ...laterThanNow(examples[name]?.body ?? {}) };
    const answer = await send(world, operation, { ...call, body });
    expect([answer.status, answer.text]).toEqual([operation.status, answer.text]);
  },
);

function idsIn(body: object): object {
  return Object.fromEntries(Object.entries(body).filter(([member]) => member.endsWith('_id') || member === 'url'));
}

/** The only instant of a request that must be ahead: one that an example names is over one day. */
function laterThanNow(body: object): object {
  return 'expires_at' in body ? { expires_at: new Date(Date.now() + 86_400_000).toISOString() } : {};
}

describe('links', () => {
  const links = documented.flatMap((source) =>
    Object.entries(answerOf(source).links ?? {}).map(([name, link]) => ({ source, name, link })),
  );

  test('name an operation that there is, with all that its path and body need', () => {
    expect(links.length).toBeGreaterThan(100);
    for (const { name, link } of links) {
      const target = byName.get(link.operationId);
      expect(name).toBe(link.operationId);
      const needed = (target?.parameters ?? []).filter((parameter) => parameter.required && parameter.in !== 'header');
      expect(Object.keys(link.parameters).toSorted()).toEqual(needed.map((parameter) => parameter.name).toSorted());
    }
  });

  test('bring what the other operation takes, wherever the example has it', () => {
    let brought = 0;
    for (const { source, link } of links) {
      const [first] = Object.values(answerOf(source).content ?? {});
      for (const [name, expression] of Object.entries(link.parameters)) {
        const value = at(first?.example, expression.replace('$response.body#/', '').split('/'));
        if (value === undefined || value === null) continue;
        const parameter = byName.get(link.operationId)?.parameters.find((one) => one.name === name);
        const said = `${source.operationId} → ${link.operationId}`;
        expect([said, problemsOf(parameter?.schema ?? {}, value)]).toEqual([said, null]);
        brought += 1;
      }
    }
    expect(brought).toBeGreaterThan(100);
  });

  test('lead to every operation that needs an id', () => {
    const reached = new Set(links.map(({ name }) => name));
    const needing = documented.filter(({ parameters }) =>
      parameters.some(({ name, in: place }) => place === 'path' && name.endsWith('_id')),
    );
    expect(needing.length).toBeGreaterThan(30);
    expect(needing.map(({ operationId }) => operationId).filter((name) => !reached.has(name))).toEqual([]);
  });

  test('from a settlement lead to no dead letter, which few settlements are', () => {
    expect(Object.keys(answerOf(byName.get('createSettlement') as Documented).links ?? {})).not.toContain(
      'readSettlementDeadLetter',
    );
    expect(Object.keys(answerOf(byName.get('listSettlementDeadLetters') as Documented).links ?? {})).toContain(
      'readSettlementDeadLetter',
    );
  });
});

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part], value);
}
