// What the SDK sends of companies and accounts, and that money is sent with a key of its own.

import { expect, test } from 'vitest';
import { Atlas } from './atlas.ts';

function recorded() {
  const sent: { line: string; key: string | null; body: unknown }[] = [];
  const atlas = new Atlas({
    ...{ baseUrl: 'https://api.test', apiKey: 'key_of_a_test', retries: 0 },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      const text = await request.text();
      sent.push({
        line: `${request.method} ${pathname}${search}`,
        key: request.headers.get('idempotency-key'),
        body: text === '' ? null : JSON.parse(text),
      });
      return Response.json({ employees: [{ employee_id: 'empl_1' }], lines: [{ kind: 'direct' }], next_cursor: null });
    },
  });
  return { atlas, sent };
}

test('employees are listed, given cards, offboarded and forgotten', async () => {
  const { atlas, sent } = recorded();
  const { items } = await atlas.companies.employees('comp_1', { department_id: 'dept_1', status: 'active' }).page();
  expect(items).toEqual([{ employee_id: 'empl_1' }]);
  await atlas.companies.assignCard('card_1', 'empl_1');
  await atlas.companies.offboard('empl_1');
  await atlas.companies.forget('empl_1');
  expect(sent.map(({ line, body }) => [line, body])).toEqual([
    ['GET /companies/comp_1/employees?department_id=dept_1&status=active', null],
    ['PUT /cards/card_1/employee', { employee_id: 'empl_1' }],
    ['POST /employees/empl_1/offboard', null],
    ['PATCH /employees/empl_1', { display_name: null, reference: null }],
  ]);
});

test('money moves under a key: the one given, or a random one', async () => {
  const { atlas, sent } = recorded();
  await atlas.accounts.deposit('acct_1', 500, { idempotencyKey: 'deposit-1' });
  await atlas.accounts.withdraw('acct_1', 200);
  const at = new Date('2026-11-27T12:00:00Z');
  await atlas.accounts.balanceAt('acct_1', at);
  expect((await atlas.accounts.statement('acct_1', { limit: 1 }).page()).items).toEqual([{ kind: 'direct' }]);
  expect(sent.map(({ line, body }) => [line, body])).toEqual([
    ['POST /accounts/acct_1/fundings', { amount_minor: 500 }],
    ['POST /accounts/acct_1/withdrawals', { amount_minor: 200 }],
    ['GET /accounts/acct_1/balance?at=2026-11-27T12%3A00%3A00.000Z', null],
    ['GET /accounts/acct_1/statement?limit=1', null],
  ]);
  expect(sent[0]?.key).toContain('deposit-1');
  expect(sent[1]?.key ?? '').toMatch(/\S{16}/);
});
