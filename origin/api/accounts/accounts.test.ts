// Accounts of companies over HTTP: which may stand under which, budgets, money in and out; and that a refusal changes nothing.

import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { withoutCause } from '../../audit/causes.ts';
import { verifyLedger } from '../../ledger/verify.ts';
import type { Json } from '../../testing/sample-api.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
let url: string;
beforeAll(async () => {
  url = await createTestDatabase();
  world = await SampleWorld.start(url);
  world.api.onAnswer = await answersHeldTo(world.api);
  return () => world.api.close();
});

const call = (method: string, path: string, body?: Json, key?: string) =>
  world.api.call(method, path, body, key === undefined ? {} : { 'idempotency-key': key });
const open = (over: Json) => call('POST', '/accounts', { name: 'A', currency: 'USD', ...over });
const opened = async (over: Json) => {
  const { status, body, text } = await open(over);
  expect(status, text).toBe(201);
  return String(body['account_id']);
};
const read = async (id: string) => (await call('GET', `/accounts/${id}`)).body;
const change = (id: string, body: Json) => call('PATCH', `/accounts/${id}`, body);
const fund = (id: string, amount_minor: number, key?: string) =>
  call('POST', `/accounts/${id}/fundings`, { amount_minor }, key);
const withdraw = (id: string, amount_minor: number, key: string = newId('req')) =>
  call('POST', `/accounts/${id}/withdrawals`, { amount_minor }, key);
const refusedAs = (status: number, error_code: string) => ({ status, body: { error_code } });
const aMonth = (amount_minor: number) => ({ amount_minor, window: { per: 'month', time_zone: 'Europe/Berlin' } });

describe('accounts', () => {
  test('are of a kind, and of a company, a department or an employee of it', async () => {
    const company_id = await world.company();
    const department_id = await world.department(company_id);
    const employee_id = await world.employee(department_id);
    const top = await opened({ kind: 'credit', credit_limit_minor: 5_000, company_id });
    expect(await read(top)).toMatchObject({
      kind: 'credit',
      credit_limit_minor: 5_000,
      available_minor: 5_000,
      company_id,
    });
    const one = await opened({ parent_account_id: top, department_id });
    const two = await opened({ parent_account_id: one, employee_id, budget: aMonth(700) });
    expect(await read(two)).toMatchObject({
      ...{ kind: 'credit', credit_limit_minor: null, company_id, department_id: null, employee_id },
      ...{ parent_account_id: one, available_minor: 5_000, budget: aMonth(700) },
    });
    const list = async (query: string) =>
      ((await call('GET', `/accounts?${query}`)).body['accounts'] as Json[]).map((account) => account['account_id']);
    expect(await list(`company_id=${company_id}`)).toEqual([top, one, two].toSorted());
    expect(await list(`parent_account_id=${top}`)).toEqual([one]);
    expect(await read(await opened({}))).toMatchObject({ kind: 'network', company_id: null, budget: null });
  });

  test('stand under accounts of the same company, currency and kind only', async () => {
    const company_id = await world.company();
    const top = await opened({ kind: 'prefunded', company_id });
    const under = (over: Json) => open({ parent_account_id: top, ...over });
    expect(await under({ currency: 'EUR' })).toMatchObject(refusedAs(422, 'account_currency_differs'));
    expect(await under({ kind: 'network' })).toMatchObject(refusedAs(422, 'account_kind_differs'));
    expect(await under({ company_id: await world.company() })).toMatchObject(
      refusedAs(422, 'account_of_another_company'),
    );
    expect(await under({ parent_account_id: await opened({}) })).toMatchObject(
      refusedAs(422, 'account_of_another_company'),
    );
    expect(await under({ credit_limit_minor: 1 })).toMatchObject(refusedAs(422, 'field_invalid'));
    expect(await open({ kind: 'credit' })).toMatchObject(refusedAs(422, 'field_invalid'));
    expect(await open({ company_id, employee_id: await world.employee() })).toMatchObject(
      refusedAs(422, 'field_invalid'),
    );
    expect((await call('GET', `/accounts?company_id=${company_id}`)).body['accounts']).toHaveLength(1);
  });

  test('never stand under themselves, move within their company, and at the top they stay', async () => {
    const company_id = await world.company();
    const top = await opened({ company_id });
    const one = await opened({ parent_account_id: top });
    const two = await opened({ parent_account_id: one });
    expect(await change(one, { parent_account_id: two })).toMatchObject(refusedAs(422, 'account_cycle'));
    expect(await change(one, { parent_account_id: one })).toMatchObject(refusedAs(422, 'account_cycle'));
    expect(await change(top, { parent_account_id: two })).toMatchObject(refusedAs(422, 'account_has_no_parent'));
    expect((await change(two, { parent_account_id: top })).body['parent_account_id']).toBe(top);
    const other = await opened({ company_id: await world.company() });
    expect(await change(two, { parent_account_id: other })).toMatchObject(refusedAs(422, 'account_of_another_company'));
  });

  test('that are moved under each other at the same time make no circle', async () => {
    const top = await opened({ company_id: await world.company() });
    for (let round = 0; round < 5; round++) {
      const [one, two] = [await opened({ parent_account_id: top }), await opened({ parent_account_id: top })];
      const moved = await Promise.all([
        change(one, { parent_account_id: two }),
        change(two, { parent_account_id: one }),
      ]);
      expect(moved.map(({ status }) => status).toSorted()).toEqual([200, 422]);
    }
  });

  test('stand ten deep at most', async () => {
    const path = [await opened({ company_id: await world.company() })];
    while (path.length < 10) path.push(await opened({ parent_account_id: path.at(-1) }));
    expect(await open({ parent_account_id: path.at(-1) })).toMatchObject(refusedAs(422, 'accounts_too_deep'));
  });

  test('of a closed company are not made, not changed and not funded; what they have can be withdrawn', async () => {
    const company_id = await world.company();
    const top = await opened({ company_id });
    await fund(top, 100);
    await call('PATCH', `/companies/${company_id}`, { status: 'closed' });
    for (const answer of [await open({ company_id }), await fund(top, 1), await change(top, { budget: aMonth(1) })])
      expect(answer).toMatchObject(refusedAs(409, 'company_closed'));
    expect((await withdraw(top, 100)).status).toBe(201);
  });
});

describe('budgets', () => {
  test('are no larger than that of the account above, unless it says that they may be', async () => {
    const top = await opened({ company_id: await world.company(), budget: aMonth(1_000) });
    const tooLarge = refusedAs(422, 'budget_exceeds_parent');
    expect(await open({ parent_account_id: top, budget: aMonth(1_001) })).toMatchObject(tooLarge);
    const one = await opened({ parent_account_id: top, budget: aMonth(1_000) });
    expect(await change(one, { budget: aMonth(1_001) })).toMatchObject(tooLarge);
    expect(await change(top, { budget: aMonth(999) })).toMatchObject(tooLarge);
    expect((await read(top))['budget']).toMatchObject({ amount_minor: 1_000 });
    expect((await change(top, { budget: aMonth(999), children_may_exceed: true })).status).toBe(200);
    expect((await change(one, { budget: aMonth(5_000) })).status).toBe(200);
    expect(await change(top, { children_may_exceed: false })).toMatchObject(tooLarge);
    expect((await change(one, { budget: null })).body['budget']).toBeNull();
    expect((await change(top, { children_may_exceed: false })).status).toBe(200);
  });

  test('that are raised and lowered at the same time never end above the one over them', async () => {
    const top = await opened({ company_id: await world.company(), budget: aMonth(1_000) });
    const one = await opened({ parent_account_id: top, budget: aMonth(500) });
    for (let round = 0; round < 5; round++) {
      await Promise.all([change(one, { budget: aMonth(900) }), change(top, { budget: aMonth(600) })]);
      const [above, below] = [(await read(top))['budget'], (await read(one))['budget']] as { amount_minor: number }[];
      expect(below?.amount_minor).toBeLessThanOrEqual(above?.amount_minor ?? 0);
      await change(one, { budget: aMonth(500) });
      await change(top, { budget: aMonth(1_000) });
    }
  });

  test('are over a calendar window', async () => {
    for (const window of [{ per: 'transaction' }, { per: 'rolling', seconds: 60 }])
      expect(await open({ budget: { amount_minor: 1, window } })).toMatchObject(refusedAs(422, 'field_invalid'));
  });
});

describe('money', () => {
  test('comes in and goes out once for a key; the same key with another amount is refused', async () => {
    const top = await opened({ kind: 'prefunded' });
    const [one, two] = [newId('req'), newId('req')];
    const funded = await fund(top, 900, one);
    expect((await fund(top, 900, one)).text).toBe(funded.text);
    expect(await fund(top, 901, one)).toMatchObject(refusedAs(422, 'idempotency_key_reused'));
    const out = await withdraw(top, 400, two);
    expect(out).toMatchObject({ status: 201, body: { account: { balance_minor: 500, available_minor: 500 } } });
    expect((await withdraw(top, 400, two)).text).toBe(out.text);
    expect(await withdraw(top, 401, two)).toMatchObject(refusedAs(422, 'idempotency_key_reused'));
    const without = await call('POST', `/accounts/${top}/withdrawals`, { amount_minor: 1 });
    expect(without).toMatchObject(refusedAs(400, 'idempotency_key_missing'));
    expect(await read(top)).toMatchObject({ balance_minor: 500 });
  });

  test('is withdrawn only where it is there, not held, and no credit', async () => {
    const top = await opened({ kind: 'credit', credit_limit_minor: 10_000, company_id: await world.company() });
    const below = await opened({ parent_account_id: top });
    await fund(top, 1_000);
    const { sample } = await world.api.newCard({}, below);
    sample.authorize(300);
    sample.clear(sample.authorize(200), 200);
    await world.api.deliver(sample.message());
    // 1,000 came in, 200 are spent and 300 held from below.
    expect(await read(top)).toMatchObject({ balance_minor: 800, held_minor: 300, available_minor: 10_500 });
    expect(await read(below)).toMatchObject({ balance_minor: -200, held_minor: 300, available_minor: 10_500 });
    expect(await withdraw(top, 501)).toMatchObject(refusedAs(422, 'amount_not_available'));
    expect(await read(top)).toMatchObject({ balance_minor: 800, held_minor: 300 });
    expect((await withdraw(top, 500)).status).toBe(201);
    expect(await withdraw(top, 1)).toMatchObject(refusedAs(422, 'amount_not_available'));
  });

  test('moves at the top of a tree only', async () => {
    const top = await opened({ company_id: await world.company() });
    const below = await opened({ parent_account_id: top });
    for (const answer of [await fund(below, 1), await withdraw(below, 1)])
      expect(answer).toMatchObject(refusedAs(422, 'account_has_parent'));
  });

  test('of withdrawals at the same time no more leaves than is there', async () => {
    const top = await opened({ kind: 'prefunded' });
    await fund(top, 100);
    const answers = await Promise.all(Array.from({ length: 5 }, () => withdraw(top, 40)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 422, 422, 422]);
    expect(await read(top)).toMatchObject({ balance_minor: 20 });
  });

  test('each way has its cause in the audit trail, and the ledger is proved; without the event it is found', async () => {
    const top = await opened({ kind: 'prefunded' });
    await fund(top, 100);
    await withdraw(top, 30);
    const uncaused = async () => (await asOwner(url, withoutCause)).filter((said) => !said.startsWith('API key'));
    expect(await uncaused()).toEqual([]);
    expect((await asOwner(url, verifyLedger)).differences).toEqual([]);
    const id = await asOwner(url, async (sql) => {
      const { rows } = await sql.query<{ transfer_id: string }>(
        `insert into ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind, event_at_ms)
         select $2, l.ledger_account_no, f.ledger_account_no, 5, 'USD', 'direct', 1
         from ledger_accounts l, ledger_accounts f where l.account_id = $1 and f.kind = 'funding_source' and f.currency = 'USD'
         returning transfer_id`,
        [top, newId('trf')],
      );
      return rows[0]?.transfer_id;
    });
    expect(await uncaused()).toEqual([
      `transfer ${id} funds an account, or takes money out of it, and no audit event says so`,
    ]);
  });
});

test('a card of an account of a company goes to employees of that company only', async () => {
  const company_id = await world.company();
  const top = await opened({ company_id });
  const { card } = await world.api.newCard({}, top);
  const give = (employee_id: string) => call('PUT', `/cards/${card['card_id']}/employee`, { employee_id });
  expect(await give(await world.employee())).toMatchObject(refusedAs(422, 'card_of_another_company'));
  expect((await give(await world.employee(await world.department(company_id)))).status).toBe(200);
});
