// What the pages call a route of the API is one: each `METHOD /path` in the repository's markdown, held against the document.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleApi } from '../testing/sample-api.ts';

/** Others' routes, our other doors, and a partner's own that stands for any. */
const notOfTheApi = /^\/(?:v\d+\/|networks\/|internal\/|livez|readyz|health|metrics|docs|openapi\.json|your\/|$)/;

interface Named {
  readonly where: string;
  readonly route: string;
}

/** `GET /cards/{card_id}?network=` and `GET /cards/:id` are one route: a part that is filled in is `{}`. */
function routesNamedIn(path: string, text: string): Named[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w\-./:{}<>…]*)/g)].flatMap(([, method, named = '']) => {
      const route = named.replace(/[.:]+$/, '').replace(/\{[^}]*\}|:\w+|<[^>]*>|…|[A-Z]+(?:_[A-Z]+)*_ID/g, '{}');
      return notOfTheApi.test(route) ? [] : [{ where: `${path}:${index + 1}`, route: `${method} ${route}` }];
    }),
  );
}

test('a route that a page names is read whatever stands in its places, and others are left', () => {
  const text =
    'Ask `GET /cards/{card_id}?network=`, `PUT /a/:id/b`, `GET /c/CARD_ID`.\n`POST /v3/webhooks`, `GET /health`: theirs.';
  expect(routesNamedIn('page.md', text)).toEqual([
    { where: 'page.md:1', route: 'GET /cards/{}' },
    { where: 'page.md:1', route: 'PUT /a/{}/b' },
    { where: 'page.md:1', route: 'GET /c/{}' },
  ]);
});

test('each route that a page names is in the document', async () => {
  const api = await SampleApi.start(await createTestDatabase());
  const { paths } = (await (await api.app.request('/openapi.json')).json()) as { paths: Record<string, object> };
  await api.close();
  const routes = new Set(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}')}`),
    ),
  );
  const pages = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n');
  const named = pages.flatMap((path) => routesNamedIn(path, readFileSync(path, 'utf8')));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ route }) => !routes.has(route))).toEqual([]);
});
