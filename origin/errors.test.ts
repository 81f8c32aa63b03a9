import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { answersHeldTo } from '../scripts/test-answers.ts';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { errorsPage } from './api/http/errors-page.ts';
import { errors } from './errors.ts';
import { SampleApi } from './testing/sample-api.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  api.onAnswer = await answersHeldTo(api);
  return () => api.close();
});

describe('a path that does not exist', () => {
  test('is not found, and only for who has the key', async () => {
    for (const path of ['/nowhere', '/settlements/', '/accounts/x/y/z', '/openapi.yaml'])
      expect(await api.call('GET', path)).toMatchObject({ status: 404, body: { error_code: 'route_not_found' } });
    expect((await api.call('GET', '/nowhere', undefined, { authorization: '' })).status).toBe(401);
  });
});

describe('errors', () => {
  test('look the same everywhere: our members and those of RFC 9457, under an id of ours', async () => {
    const given = 'partner-request-1';
    const { body, headers } = await api.call('GET', '/cards/none', undefined, { 'x-request-id': given });
    const request_id = expect.stringMatching(/^req_/);
    expect(body).toEqual({
      type: 'urn:atlas:error:card_not_found',
      title: 'card not found',
      status: 404,
      error_code: 'card_not_found',
      message: errors.card_not_found.says,
      request_id,
    });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('x-request-id')).toBe(body['request_id']);
    expect(headers.get('x-client-request-id')).toBe(given);
  });

  test('a signature by another secret is refused before a message is looked at', async () => {
    const { sample } = await api.newCard();
    const stranger = `whsec_${Buffer.from('another secret of tests').toString('base64')}`;
    expect(await api.deliver(sample.message(), stranger)).toMatchObject({
      status: 401,
      body: { error_code: 'signature_wrong' },
    });
  });

  test('are listed, all of them, in docs/errors.md as it is', () => {
    const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
    expect(page, 'out of date: run node scripts/errors-page.ts').toBe(errorsPage());
    for (const code of Object.keys(errors)) expect(page).toContain(`\`${code}\``);
  });
});
