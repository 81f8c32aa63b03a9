// The OpenAPI 3.1 document, made of the routes themselves. Schemas stand in it once, by name (schema-names.ts).

import type * as z from 'zod';
import { errors } from '../../errors.ts';
import type { ComponentSchemas } from './component-schemas.ts';
import { callsOf } from './cost.ts';
import { type Example, examples } from './examples.ts';
import { type Json, schemaOf } from './json-schema.ts';
import { linksOf } from './links.ts';
import type { Route } from './route.ts';
import { namedSchemas } from './schema-names.ts';
import { mediaType, versions } from './versions.ts';

/** Errors that every route may answer with. */
const common = [
  'body_malformed',
  'credentials_wrong',
  'scope_missing',
  'version_unknown',
  'field_invalid',
  'too_many_requests',
  'internal_error',
  'database_unavailable',
] as const;

export function openApiDocument(routes: readonly Route[]): Json {
  const components = namedSchemas(routes);
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, { routes, components }) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Atlas',
      version: String(versions.at(-1)?.number),
      description:
        'Settlements, merchants, webhooks, cards and controls. Amounts are integers in minor units of their currency. Every answer ' +
        'has `RateLimit` and `RateLimit-Policy`, `X-Request-Id`, and `Vary: Accept, Accept-Encoding`; a repeat by `Idempotency-Key` has ' +
        '`Idempotency-Replayed: true`.',
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ api_key: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { api_key: { type: 'http', scheme: 'bearer', description: 'An API key: `atlas_…`.' } },
      schemas: { Problem: problemSchema, ...components.all() },
      headers: answerHeaders,
    },
  };
}

/** The newest first: a reader shows the first one. */
const newestFirst = versions.toReversed();

interface Whole {
  readonly routes: readonly Route[];
  readonly components: ComponentSchemas;
}

function operation(route: Route, { routes, components }: Whole): Json {
  const { answers } = route;
  const example: Example = examples[route.name] ?? { parameters: {} };
  const links = linksOf(route, routes);
  const scope = `Scope: \`${route.scope}\`${route.forMerchants ? '' : ', of an operator’s key'}.`;
  return {
    operationId: route.name,
    summary: route.summary,
    description: route.description === undefined ? scope : `${route.description}\n\n${scope}`,
    tags: [route.tag],
    security: [{ api_key: [route.scope] }],
    'x-scope': route.scope,
    'x-for-merchants': route.forMerchants,
    'x-quota-calls': callsOf(route.cost),
    parameters: [
      ...parametersIn('path', route.params),
      ...parametersIn('query', route.query),
      ...idempotencyOf(route),
    ].map((parameter) => withExample(parameter, example.parameters[String(parameter['name'])])),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              'application/json': withExample(
                { schema: components.referring(schemaOf(route.body, 'input')) },
                example.body,
              ),
            },
          },
        }),
    responses: {
      [answers.status]: {
        description: answers.description,
        headers: headersOf(route),
        ...(answers.schema === undefined
          ? {}
          : { content: contentOf(route.name, components, schemaOf(answers.schema, 'output'), example.answer) }),
        ...(Object.keys(links).length === 0 ? {} : { links }),
      },
      ...refusalsOf(route),
      // By the listener, before any code of ours: no body, no headers.
      431: { description: 'The request line and the headers together are too long. The connection is closed.' },
    },
  };
}

function withExample(described: Json, example: unknown): Json {
  return example === undefined ? described : { ...described, example };
}

function contentOf(name: string, components: ComponentSchemas, schema: Json, example: Json | undefined): Json {
  const of = ({ downgrade, downgradeSchema }: (typeof versions)[number]) =>
    withExample(
      { schema: components.referring(downgradeSchema(name, schema) as Json) },
      example === undefined ? undefined : downgrade(name, example),
    );
  return Object.fromEntries(newestFirst.map((version) => [mediaType(version), of(version)]));
}

function headersOf({ idempotency }: Route): Json {
  const names = ['X-Request-Id', 'X-Client-Request-Id', 'RateLimit-Policy', 'RateLimit', 'Deprecation', 'Sunset'];
  if (idempotency !== undefined) names.push('Idempotency-Replayed');
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

const header = (description: string) => ({ description, schema: { type: 'string' } });

const answerHeaders = {
  'X-Request-Id': header('Names the request in logs and the audit trail.'),
  'X-Client-Request-Id': header('The X-Request-Id that the request came with, if it could be one.'),
  'RateLimit-Policy': header(
    'The quotas of this key: `"burst";q=100;w=1, "minute";q=1000;w=60`. A call counts as many as its operation’s `x-quota-calls`, or one for each 16 KiB of its body that are begun, whichever is more.',
  ),
  RateLimit: header('Of the quota nearest to its end, what is left and for how many seconds: `"minute";r=412;t=37`.'),
  Deprecation: header('Since when the version asked for is deprecated, as `@` and Unix seconds.'),
  Sunset: header('Until when it is answered.'),
  'Idempotency-Replayed': header('`true`: this is the first answer again.'),
};

function parametersIn(place: 'path' | 'query', schema: z.core.$ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function idempotencyOf({ idempotency }: Route): Json[] {
  if (idempotency === undefined) return [];
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: idempotency === 'required',
      description:
        'A random text of your own, quoted or bare. A repeat with the same key and body gets the first answer again, for 24 hours.',
      schema: { type: 'string', minLength: 1, maxLength: 257 },
    },
  ];
}

function refusalsOf(route: Route): Json {
  const codes = [
    ...common,
    ...route.errors,
    ...(route.method === 'get'
      ? []
      : (['body_too_large', 'card_data_refused', 'content_encoding_unsupported', 'content_type_unsupported'] as const)),
    ...(route.idempotency === undefined
      ? []
      : (['idempotency_key_malformed', 'idempotency_key_reused', 'request_in_flight'] as const)),
    ...(route.idempotency === 'required' ? (['idempotency_key_missing'] as const) : []),
  ];
  const byStatus = new Map<number, string[]>();
  for (const code of new Set(codes)) {
    const { status } = errors[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { description: names.map((name) => `\`${name}\``).join(', '), content: problem },
    ]),
  );
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'error_code', 'message', 'request_id'],
  properties: {
    type: { type: 'string', description: 'urn:atlas:error:… (RFC 9457)' },
    title: { type: 'string' },
    status: { type: 'integer' },
    error_code: { type: 'string', enum: Object.keys(errors) },
    message: { type: 'string' },
    request_id: { type: 'string' },
    details: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'problem'],
        properties: { field: { type: 'string' }, problem: { type: 'string' } },
      },
    },
  },
};
