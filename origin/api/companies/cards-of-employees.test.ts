// Cards in people's hands over HTTP: given, given on, taken back, and closed when somebody leaves.

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import type { Json } from '../../testing/sample-api.ts';
import { someId } from '../../testing/sample-operations.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeAll(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  world.api.onAnswer = await answersHeldTo(world.api);
  return () => world.api.close();
});
beforeEach(() => {
  world.api.edge.away = false;
});

const call = (method: string, path: string, body?: Json) => world.api.call(method, path, body);
const assign = (card_id: unknown, employee_id: string | null) =>
  call('PUT', `/cards/${card_id}/employee`, { employee_id });
const statusOf = async (card_id: unknown) => {
  const { body } = await call('GET', `/cards/${card_id}`);
  return (body['profile'] as Json)['status'];
};
const newCard = async () => (await world.api.newCard()).card['card_id'];

describe('cards in the hands of employees', () => {
  test('are given, given on within the company, and taken back; the same again changes nothing', async () => {
    const company_id = await world.company();
    const department = await world.department(company_id);
    const [one, two] = [await world.employee(department), await world.employee(department)];
    const card_id = await newCard();
    const audited = async () =>
      (await call('GET', `/audit-events?subject=${card_id}&limit=100`)).body['audit_events'] as Json[];
    expect((await assign(card_id, one)).body['employee_id']).toBe(one);
    expect((await assign(card_id, one)).status).toBe(200);
    expect((await assign(card_id, two)).body['employee_id']).toBe(two);
    const of = async (filter: string) =>
      ((await call('GET', `/cards?${filter}`)).body['cards'] as Json[]).map((card) => card['card_id']);
    expect(await of(`employee_id=${one}`)).toEqual([]);
    expect(await of(`employee_id=${two}`)).toEqual([card_id]);
    expect(await of(`company_id=${company_id}`)).toEqual([card_id]);
    expect((await assign(card_id, null)).body['employee_id']).toBeNull();
    expect(await of(`company_id=${company_id}`)).toEqual([]);
    expect((await assign(card_id, null)).status).toBe(200);
    const reasons = (await audited()).filter(({ action }) => action === 'card.assigned').map(({ reason }) => reason);
    expect(reasons.toSorted()).toEqual(
      [`from nobody to ${one}`, `from ${one} to ${two}`, `from ${two} to nobody`].toSorted(),
    );
  });

  test('go to no employee of another company, to none that left, and to none that there is not', async () => {
    const [one, two] = [await world.employee(), await world.employee()];
    const card_id = await newCard();
    await assign(card_id, one);
    const other = { status: 422, body: { error_code: 'card_of_another_company' } };
    expect(await assign(card_id, two)).toMatchObject(other);
    expect((await call('GET', `/cards/${card_id}`)).body['employee_id']).toBe(one);
    expect(await assign(card_id, someId('empl'))).toMatchObject({ status: 404 });
    expect(await assign(someId('card'), one)).toMatchObject({ status: 404, body: { error_code: 'card_not_found' } });
    await call('POST', `/employees/${two}/offboard`);
    const free = await newCard();
    expect(await assign(free, two)).toMatchObject({ status: 409, body: { error_code: 'employee_offboarded' } });
    // Taken back first, a card may go to another company.
    await assign(card_id, null);
    expect((await assign(card_id, await world.employee())).status).toBe(200);
  });

  test('that two employees are given at the same time are had by one', async () => {
    const department = await world.department();
    const [one, two] = [await world.employee(department), await world.employee(department)];
    const card_id = await newCard();
    await Promise.all([assign(card_id, one), assign(card_id, two), assign(card_id, one)]);
    const has = async (id: string) => (await call('GET', `/employees/${id}`)).body['cards'] as { total: number };
    expect((await has(one)).total + (await has(two)).total).toBe(1);
  });
});

describe('an employee who leaves', () => {
  async function withCards(count: number) {
    const employee_id = await world.employee();
    const cards: unknown[] = [];
    for (let n = 0; n < count; n++) {
      const card_id = await newCard();
      await assign(card_id, employee_id);
      cards.push(card_id);
    }
    return { employee_id, cards };
  }

  test('has all cards closed, those that were frozen too, and gets none any more', async () => {
    const { employee_id, cards } = await withCards(3);
    await call('PATCH', `/cards/${cards[1]}`, { status: 'frozen' });
    const done = await call('POST', `/employees/${employee_id}/offboard`);
    expect(done).toMatchObject({
      ...{ status: 200 },
      body: { status: 'offboarded', cards_closed: 3, cards: { total: 3, closed: 3, waiting_for_edge: 0 } },
    });
    for (const card_id of cards) expect(await statusOf(card_id)).toBe('closed');
    const again = await call('POST', `/employees/${employee_id}/offboard`);
    expect(again.body).toEqual({ ...done.body, cards_closed: 0 });
    const { body } = await call('GET', `/audit-events?subject=${employee_id}&limit=100`);
    const states = (body['audit_events'] as Json[]).flatMap(({ to_state }) => (to_state === null ? [] : [to_state]));
    expect(states.toSorted()).toEqual(['offboarded', 'offboarding']);
  });

  test('in parts: each call says what is left, and the next goes on', async () => {
    const { employee_id, cards } = await withCards(3);
    const first = await call('POST', `/employees/${employee_id}/offboard?cards_max=2`);
    expect(first.body).toMatchObject({ status: 'offboarding', cards_closed: 2, cards: { total: 3, closed: 2 } });
    expect(await assign(await newCard(), employee_id)).toMatchObject({ status: 409 });
    const second = await call('POST', `/employees/${employee_id}/offboard?cards_max=2`);
    expect(second.body).toMatchObject({ status: 'offboarded', cards_closed: 1, cards: { closed: 3 } });
    expect(await Promise.all(cards.map(statusOf))).toEqual(['closed', 'closed', 'closed']);
  });

  test('twice at the same time closes each card once', async () => {
    const { employee_id, cards } = await withCards(3);
    const path = `/employees/${employee_id}/offboard`;
    const both = await Promise.all([call('POST', path), call('POST', path)]);
    const closed = both.map(({ body }) => Number(body['cards_closed']));
    expect((closed[0] ?? 0) + (closed[1] ?? 0)).toBe(3);
    for (const card_id of cards) {
      const { body } = await call('GET', `/cards/${card_id}`);
      expect(body['profile']).toMatchObject({ status: 'closed', version: 2 });
    }
  });

  test('while the edge is away: the cards wait for it, and that is said until it has them', async () => {
    const { employee_id } = await withCards(2);
    world.api.edge.away = true;
    const { body } = await call('POST', `/employees/${employee_id}/offboard`);
    expect(body).toMatchObject({ status: 'offboarded', cards: { total: 2, closed: 2, waiting_for_edge: 2 } });
  });

  test('while it is given cards has none that works in the end', async () => {
    const { employee_id } = await withCards(1);
    const late = [await newCard(), await newCard(), await newCard()];
    await Promise.all([
      ...late.map((card_id) => assign(card_id, employee_id)),
      call('POST', `/employees/${employee_id}/offboard`),
    ]);
    const { body } = await call('GET', `/employees/${employee_id}`);
    const cards = body['cards'] as { total: number; closed: number };
    expect(body['status']).toBe('offboarded');
    expect(cards.closed).toBe(cards.total);
  });
});
