// What `npm run fuzz-api` does around Schemathesis: real ids for the document, and the count of what was reached.

import { expect, test } from 'vitest';
import { withKnownIds } from './known-ids.ts';
import { reportOf } from './succeeded.ts';

const idOf = (name: string) => ({ name, in: 'path', schema: { type: 'string', pattern: `^${name}` } });
const document = {
  paths: {
    '/shops/{shop_id}/hooks': { get: { parameters: [idOf('shop_id')] } },
    '/shops': { get: { parameters: [] }, post: { parameters: [] } },
    '/hooks/{hook_id}': { delete: { parameters: [idOf('hook_id')] } },
    '/cards/{card_id}': { get: { parameters: [idOf('card_id')] } },
  },
};

test('ids are those that listings have, of what is listed below another thing too; what nothing lists stays as it is', async () => {
  const asked: string[] = [];
  const answers: Record<string, unknown> = {
    '/shops': { shops: [{ shop_id: 'shop_1' }, { shop_id: 'shop_2' }] },
    '/shops/shop_1/hooks': { hooks: [{ hook_id: 'hook_1' }] },
  };
  const { paths } = await withKnownIds(document, (path) => {
    asked.push(path);
    return Promise.resolve(answers[path] ?? {});
  });
  expect(asked).toEqual(['/shops', '/shops/shop_1/hooks']);
  expect(paths['/hooks/{hook_id}']?.['delete']?.parameters).toEqual([
    { ...idOf('hook_id'), schema: { anyOf: [{ enum: ['hook_1'] }, idOf('hook_id').schema] }, example: 'hook_1' },
  ]);
  expect(paths['/cards/{card_id}']?.['get']?.parameters).toEqual([idOf('card_id')]);
});

test('what never answered with success is named', () => {
  const line = (status: number, method: string, route: string) =>
    `http_server_request_duration_seconds_count{http_response_status_code="${status}",route="${route}",method="${method}"} 3`;
  const metrics = [
    line(200, 'GET', '/shops'),
    line(404, 'DELETE', '/hooks/:hook_id'),
    line(204, 'GET', '/shops/:shop_id/hooks'),
    line(422, 'POST', '/shops'),
  ].join('\n');
  expect(reportOf(document, metrics)).toBe(
    '2 of 5 operations answered with success; never: POST /shops, DELETE /hooks/{hook_id}, GET /cards/{card_id}\n',
  );
});
