// Companies, departments and employees over HTTP: who may stand where, and that a refusal changes nothing.

import { beforeAll, describe, expect, test } from 'vitest';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import type { Json } from '../../testing/sample-api.ts';
import { someId } from '../../testing/sample-operations.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
let url: string;
beforeAll(async () => {
  url = await createTestDatabase();
  world = await SampleWorld.start(url);
  world.api.onAnswer = await answersHeldTo(world.api);
  return () => world.api.close();
});

const call = (method: string, path: string, body?: Json) => world.api.call(method, path, body);
describe('companies', () => {
  test('are found by their reference, which no other has', async () => {
    const made = await call('POST', '/companies', { name: 'Bakery', reference: 'crm-17' });
    expect(made).toMatchObject({ status: 201, body: { name: 'Bakery', reference: 'crm-17', status: 'active' } });
    const found = await call('GET', '/companies?reference=crm-17');
    expect(found.body).toEqual({ companies: [made.body], next_cursor: null });
    expect((await call('GET', '/companies?reference=crm-18')).body['companies']).toEqual([]);
    const again = await call('POST', '/companies', { name: 'Other', reference: 'crm-17' });
    expect(again).toMatchObject({ status: 409, body: { error_code: 'reference_already_used' } });
    const other = await world.company();
    expect(await call('PATCH', `/companies/${other}`, { reference: 'crm-17' })).toMatchObject({
      ...{ status: 409, body: { error_code: 'reference_already_used' } },
    });
    expect((await call('GET', `/companies/${other}`)).body['reference']).toBeNull();
  });

  test('are listed page by page, each once', async () => {
    const made = [await world.company(), await world.company(), await world.company()];
    const seen: unknown[] = [];
    for (let at = '/companies?limit=1'; ; ) {
      const { body } = await call('GET', at);
      seen.push(...(body['companies'] as Json[]).map(({ company_id }) => company_id));
      if (body['next_cursor'] === null) break;
      at = `/companies?limit=1&cursor=${body['next_cursor']}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(made));
  });

  test('that are closed take nothing new, and are renamed all the same', async () => {
    const company_id = await world.company();
    const [department, other] = [await world.department(company_id), await world.department(company_id)];
    const employee_id = await world.employee(department);
    const refused = await call('PATCH', `/companies/${company_id}`, { status: 'closed' });
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'company_has_employees' } });
    await call('POST', `/employees/${employee_id}/offboard`);
    expect((await call('PATCH', `/companies/${company_id}`, { status: 'closed' })).body['status']).toBe('closed');
    expect((await call('PATCH', `/companies/${company_id}`, { status: 'closed' })).status).toBe(200);
    for (const [method, path, body] of [
      ['POST', `/companies/${company_id}/departments`, { name: 'New' }],
      ['POST', `/departments/${department}/employees`, {}],
      ['PATCH', `/departments/${department}`, { parent_department_id: other }],
    ] as const)
      expect(await call(method, path, body)).toMatchObject({ status: 409, body: { error_code: 'company_closed' } });
    expect((await call('PATCH', `/companies/${company_id}`, { name: 'Was a bakery' })).status).toBe(200);
    expect((await call('GET', `/companies/${company_id}/departments`)).body['departments']).toHaveLength(2);
  });
});

describe('departments', () => {
  const under = async (company_id: string, parent_department_id: string | null) => {
    const { body } = await call('POST', `/companies/${company_id}/departments`, { name: 'D', parent_department_id });
    return String(body['department_id']);
  };
  const moveUnder = (id: string, parent_department_id: string | null) =>
    call('PATCH', `/departments/${id}`, { parent_department_id });

  test('never stand under themselves, however far down, and a refused move leaves them where they were', async () => {
    const company_id = await world.company();
    const top = await under(company_id, null);
    const middle = await under(company_id, top);
    const low = await under(company_id, middle);
    for (const parent of [top, middle, low])
      expect(await moveUnder(top, parent)).toMatchObject({ status: 422, body: { error_code: 'department_cycle' } });
    expect((await call('GET', `/departments/${top}`)).body['parent_department_id']).toBeNull();
    const { body } = await call('GET', `/companies/${company_id}/departments?parent_department_id=${middle}`);
    expect(body['departments']).toMatchObject([{ department_id: low }]);
    expect((await moveUnder(low, null)).body['parent_department_id']).toBeNull();
    expect((await moveUnder(top, low)).status).toBe(200);
  });

  test('that are moved under each other at the same time make no circle', async () => {
    const company_id = await world.company();
    for (let round = 0; round < 5; round++) {
      const [one, two] = [await under(company_id, null), await under(company_id, null)];
      const moved = await Promise.all([moveUnder(one, two), moveUnder(two, one)]);
      expect(moved.map(({ status }) => status).toSorted()).toEqual([200, 422]);
    }
  });

  test('stand ten deep at most, made or moved there with what is under them', async () => {
    const company_id = await world.company();
    const path = [await under(company_id, null)];
    while (path.length < 10) path.push(await under(company_id, path.at(-1) ?? null));
    const deep = { status: 422, body: { error_code: 'departments_too_deep' } };
    const body = { name: 'D', parent_department_id: path[9] };
    expect(await call('POST', `/companies/${company_id}/departments`, body)).toMatchObject(deep);
    const two = await under(company_id, null);
    await under(company_id, two);
    expect(await moveUnder(two, path[8] ?? '')).toMatchObject(deep);
    expect((await moveUnder(two, path[7] ?? '')).status).toBe(200);
    expect(await moveUnder(path[0] ?? '', await under(company_id, null))).toMatchObject(deep);
  });

  test('stand under departments of their own company only', async () => {
    const [one, two] = [await world.company(), await world.company()];
    const foreign = await under(two, null);
    const of = { status: 422, body: { error_code: 'department_of_another_company' } };
    const body = { name: 'D', parent_department_id: foreign };
    expect(await call('POST', `/companies/${one}/departments`, body)).toMatchObject(of);
    expect(await moveUnder(await under(one, null), foreign)).toMatchObject(of);
    expect(
      await call('PATCH', `/employees/${await world.employee(await under(one, null))}`, { department_id: foreign }),
    ).toMatchObject(of);
    expect(await moveUnder(await under(one, null), someId('dept'))).toMatchObject({ status: 404 });
  });
});

describe('employees', () => {
  test('are of the company of their department, and listed by department, status and reference', async () => {
    const company_id = await world.company();
    const [one, two] = [await world.department(company_id), await world.department(company_id)];
    const { body: ada } = await call('POST', `/departments/${one}/employees`, {
      display_name: 'Ada',
      reference: 'hr-1',
    });
    const { body: nobody } = await call('POST', `/departments/${two}/employees`, {});
    expect([ada, nobody]).toMatchObject([{ company_id }, { company_id, display_name: null, reference: null }]);
    const list = async (filter: string) =>
      ((await call('GET', `/companies/${company_id}/employees?${filter}`)).body['employees'] as Json[]).map(
        ({ employee_id }) => employee_id,
      );
    expect(await list(`department_id=${one}`)).toEqual([ada['employee_id']]);
    expect(await list('reference=hr-1')).toEqual([ada['employee_id']]);
    expect(await list('status=offboarded')).toEqual([]);
    expect((await list('limit=10')).toSorted()).toEqual([ada['employee_id'], nobody['employee_id']].toSorted());
    await call('PATCH', `/employees/${nobody['employee_id']}`, { department_id: one });
    expect(await list(`department_id=${two}`)).toEqual([]);
  });

  test('I7: are forgotten by taking name and reference out, after they have left too, and nothing else has either', async () => {
    const department = await world.department();
    const [name, reference] = ['Zenobia Quill', 'hr-zq-771'];
    const { body } = await call('POST', `/departments/${department}/employees`, { display_name: name, reference });
    const path = `/employees/${body['employee_id']}`;
    const { card } = await world.api.newCard();
    await call('PUT', `/cards/${card['card_id']}/employee`, { employee_id: body['employee_id'] });
    await call('PATCH', path, { display_name: `${name} B.` });
    await call('POST', `${path}/offboard`);
    const forgotten = await call('PATCH', path, { display_name: null, reference: null });
    expect(forgotten).toMatchObject({ status: 200, body: { display_name: null, reference: null } });
    const where = await asOwner(url, async (sql) => {
      const { rows: tables } = await sql.query<{ relname: string }>(
        `select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
      );
      const found: string[] = [];
      for (const { relname } of tables) {
        const text = `select from ${relname} t where t::text ~ 'Zenobia|hr-zq-771' limit 1`;
        if ((await sql.query(text)).rows.length > 0) found.push(relname);
      }
      return found;
    });
    expect(where).toEqual([]);
    expect(world.api.logged.join('')).not.toMatch(/Zenobia|hr-zq-771/);
  });
});
