import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { errors } from './errors.ts';
import { type Json, SampleApi } from './sample-api.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  return () => api.close();
});

/** Looks like one, and is nobody's. */
const someId = (prefix: string) => `${prefix}_${'0'.repeat(26)}`;

const routes: [method: string, path: string, body: Json | null][] = [
  ['POST', '/accounts', { name: 'x', currency: 'USD' }],
  ['GET', `/accounts/${someId('acct')}`, null],
  ['POST', `/accounts/${someId('acct')}/fundings`, { amount_minor: 1 }],
  ['POST', '/cards', { account_id: someId('acct'), network: 'native', card_token: 'x' }],
  ['GET', '/cards', null],
  ['GET', `/cards/${someId('card')}`, null],
  [
    'PUT',
    `/cards/${someId('card')}/profile`,
    {
      ...{ status: 'active', expires_at_ms: null, funds_minor: null, single_use: false, partial_approval: false },
      ...{ hold_days: null, controls: [], control_set: null },
    },
  ],
  ['GET', `/cards/${someId('card')}/controls`, null],
  ['PATCH', `/cards/${someId('card')}`, { status: 'frozen' }],
  ['POST', '/control-sets', { name: 'x', controls: [] }],
  ['GET', '/control-sets', null],
  ['GET', `/control-sets/${someId('cset')}`, null],
  ['POST', `/control-sets/${someId('cset')}/versions`, { controls: [] }],
  ['POST', `/control-sets/${someId('cset')}/versions/1/apply`, {}],
  ['POST', '/controls/backtest', { card_id: someId('card'), controls: [] }],
  ['GET', '/categories', null],
  ['GET', `/authorizations?card_id=${someId('card')}`, null],
  ['GET', `/authorizations/${someId('auth')}/explanation`, null],
  ['GET', `/authorizations/${someId('auth')}/timeline`, null],
  ['GET', `/ledger/accounts/${someId('lac')}`, null],
  ['GET', `/ledger/accounts/${someId('lac')}/transfers`, null],
  ['GET', '/dead-letters', null],
];
const withBody = routes.filter((route) => route[2] !== null) as [string, string, Json][];

describe('every route', () => {
  test('the list here is the list in the app', () => {
    const open = ['/livez', '/readyz', '/health', '/metrics', '/internal/card-events'];
    const inApp = api.app.routes.filter(({ method, path }) => method !== 'ALL' && !open.includes(path));
    const shape = (path: string) =>
      path.replace(/\?.*/, '').replaceAll(/:\w+|\b[a-z]+_[0-9a-z]{26}\b|(?<=versions\/)1/g, '*');
    expect(inApp.map(({ method, path }) => `${method} ${shape(path)}`).toSorted()).toEqual(
      routes.map(([method, path]) => `${method} ${shape(path)}`).toSorted(),
    );
  });

  test.each(routes)('%s %s needs the key', async (method, path, body) => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${api.apiKey}`])
      expect(await api.call(method, path, body ?? undefined, { authorization })).toMatchObject({
        status: 401,
        body: { error_code: 'credentials_wrong' },
      });
  });

  test.each(withBody)(
    '%s %s refuses what is no JSON, too large, or not in its contract, and names the field',
    async (method, path, body) => {
      expect((await api.call(method, path, '{')).status).toBe(400);
      expect((await api.call(method, path, `{"a":"${'x'.repeat(70_000)}"}`)).status).toBe(413);
      for (const field of ['unknown_field', '__proto__'])
        expect(
          await api.call(method, path, JSON.stringify({ ...body, odd: 1 }).replace('"odd"', `"${field}"`)),
        ).toMatchObject({
          status: 422,
          body: {
            error_code: 'field_invalid',
            details: expect.arrayContaining([{ field, problem: 'is not a field of this request' }]),
          },
        });
    },
  );

  test.each(withBody)('%s %s refuses card data, and keeps none of it', async (method, path, body) => {
    api.logged.length = 0;
    for (const bad of [
      { ...body, cvv: '123' },
      { ...body, note: 'card 4111 1111 1111 1111 please' },
      { ...body, pan: 1 },
    ]) {
      const refused = await api.call(method, path, bad);
      expect(refused).toMatchObject({ status: 422, body: { error_code: 'card_data_refused' } });
      expect(JSON.stringify(refused.body)).not.toContain('4111');
    }
    expect(api.logged.join('')).not.toContain('4111');
  });

  test.each(['/accounts', '/cards', '/control-sets', '/ledger/accounts', '/authorizations'])(
    '%s: an id that is none is not found',
    async (path) => {
      for (const id of ['x', '%00', "'--", `acct_${'0'.repeat(26)}`]) {
        const timeline = path === '/authorizations' ? '/timeline' : '';
        expect((await api.call('GET', `${path}/${id}${timeline}`)).status).toBe(404);
      }
    },
  );

  test('a query that is not in its contract is refused by field', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=ten', 'cursor=%21', 'offset=3'])
      expect(await api.call('GET', `/cards?${query}`)).toMatchObject({
        status: 422,
        body: { details: [{ field: query.split('=')[0] }] },
      });
  });

  test('a path that does not exist is not found, and only for who has the key', async () => {
    expect(await api.call('GET', '/nowhere')).toMatchObject({ status: 404, body: { error_code: 'route_not_found' } });
    expect((await api.call('GET', '/nowhere', undefined, { authorization: '' })).status).toBe(401);
  });
});

describe('errors', () => {
  test('look the same everywhere: our members and those of RFC 9457, under the caller’s request id', async () => {
    const request_id = 'partner-request-1';
    const { body, headers } = await api.call('GET', '/cards/none', undefined, { 'x-request-id': request_id });
    expect(body).toEqual({
      type: 'urn:atlas:error:card_not_found',
      title: 'card not found',
      status: 404,
      error_code: 'card_not_found',
      message: errors.card_not_found.says,
      request_id,
    });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('x-request-id')).toBe(request_id);
  });

  test('a signature by another secret is refused before a message is looked at', async () => {
    const { sample } = await api.newCard();
    const stranger = `whsec_${Buffer.from('another secret of tests').toString('base64')}`;
    expect(await api.deliver(sample.message(), stranger)).toMatchObject({
      status: 401,
      body: { error_code: 'signature_wrong' },
    });
  });
});
