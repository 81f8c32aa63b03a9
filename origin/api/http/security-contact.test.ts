// Whom to tell of a weakness: RFC 9116, and nothing where nobody is named.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { readConfig } from '../../config.ts';
import { SampleApi } from '../../testing/sample-api.ts';
import { securityText } from './security-contact.ts';

const contacts = 'mailto:security@example.com https://example.com/report';
const path = '/.well-known/security.txt';

let named: SampleApi;
let unnamed: SampleApi;
beforeAll(async () => {
  const url = await createTestDatabase();
  named = await SampleApi.start(url, { SECURITY_CONTACT: contacts });
  unnamed = await SampleApi.start(url);
});
afterAll(() => Promise.all([named.close(), unnamed.close()]));

test('security.txt names the contacts in their order and ends within a year, for who has no key', async () => {
  const answer = await named.app.request(path);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
  const lines = (await answer.text()).split('\n');
  expect(lines.filter((line) => line.startsWith('Contact: '))).toEqual([
    'Contact: mailto:security@example.com',
    'Contact: https://example.com/report',
  ]);
  const expires = lines.filter((line) => line.startsWith('Expires: '));
  expect(expires).toHaveLength(1);
  const aheadMs = Date.parse(expires[0]?.slice(9) ?? '') - Date.now();
  expect(aheadMs).toBeGreaterThan(100 * 86_400_000);
  expect(aheadMs).toBeLessThan(365 * 86_400_000);
});

test('security.txt is computed from now, not from a release', () => {
  const at = (day: string) => /Expires: (.*)/.exec(securityText(['mailto:a@b.example'], Date.parse(day)))?.[1];
  expect([at('2027-01-01T23:59:59Z'), at('2030-01-01T00:00:00Z')]).toEqual([
    ...['2027-06-30T00:00:00Z', '2030-06-30T00:00:00Z'],
  ]);
});

test('security.txt is not there where nobody is named: a stranger learns no more than of any path', async () => {
  expect((await unnamed.app.request(path)).status).toBe((await unnamed.app.request('/nowhere')).status);
});

test.each(['security@example.com', 'http://example.com', 'mailto:', 'mailto:a@b.example\r\nX', 'javascript:x'])(
  'SECURITY_CONTACT that is no contact stops the start: %j',
  (SECURITY_CONTACT) => {
    const rest = {
      DATABASE_URL: 'postgresql://a',
      API_KEY: 'an-api-key-of-tests-000000',
      EDGE_URL: 'http://127.0.0.1',
    };
    const INTERNAL_SECRET = `whsec_${Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64')}`;
    expect(() => readConfig({ ...rest, INTERNAL_SECRET, SECURITY_CONTACT })).toThrow('SECURITY_CONTACT: must be');
  },
);
