// Cards in people's hands: PUT /cards/{card_id}/employee gives, gives on and takes back; an employee who leaves has all of them closed.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { assignCard } from '../../companies/card-assignment.ts';
import { cardsOfEmployee, offboard } from '../../companies/offboard.ts';
import { cardSchema, readCardView } from '../cards/card-view.ts';
import type { PushParts } from '../cards/change-card.ts';
import { costs } from '../http/cost.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { employeeWithCardsSchema, readEmployee } from './company-view.ts';
import { employeeById } from './employees.ts';

/** Pushed before the answer; the outbox's loop takes up the others within a second. */
const pushedAtOnceMax = 20;
const cardsPerCallMax = 1_000;

const assign = route({
  method: 'put',
  path: '/cards/{card_id}/employee',
  name: 'assignCard',
  cost: costs.change,
  summary: 'Give a card to an employee, or take it back',
  description:
    'With another `employee_id` of the same company it is given on, with null taken back. Its profile, limits and account stay as they are. ' +
    'The same again changes nothing.',
  tag: 'companies',
  scope: 'companies:write',
  forMerchants: false,
  params: z.strictObject({ card_id: idSchema('card') }),
  body: z.strictObject({ employee_id: z.nullable(idSchema('empl')) }),
  answers: { status: 200, schema: cardSchema, description: 'With its employee.' },
  errors: [
    ...(['card_not_found', 'employee_not_found', 'employee_offboarded', 'company_closed'] as const),
    'card_of_another_company',
  ],
  async handle({ params: { card_id }, body: { employee_id }, sql, ...call }) {
    await assignCard(sql, card_id, employee_id, doerOf(call));
    return { body: await readCardView(sql, card_id) };
  },
});

function offboardEmployee({ database, outbox }: PushParts): Route {
  return route({
    method: 'post',
    path: '/employees/{employee_id}/offboard',
    name: 'offboardEmployee',
    cost: { outside: pushedAtOnceMax, rows: 10_000, cpuMs: 'grows' },
    summary: 'Close all cards of an employee who leaves',
    description:
      'From the first call on it gets no card. A call closes a thousand cards at most (`cards_max`); `status` is `offboarding` while some are ' +
      'left: the same call goes on with them, also after one that broke off. Once more after that changes nothing. What is held and cleared ' +
      'on closed cards goes on as it does on any closed card.',
    tag: 'companies',
    scope: 'companies:write',
    forMerchants: false,
    // A hundred cards in a transaction, so that none waits long.
    commitsItself: true,
    params: employeeById,
    query: z.strictObject({
      cards_max: z.coerce.number().int().min(1).max(cardsPerCallMax).default(cardsPerCallMax),
    }),
    answers: {
      status: 200,
      schema: employeeWithCardsSchema.extend({ cards_closed: z.int() }),
      description: 'How many cards this call closed, and how many are left.',
    },
    errors: ['employee_not_found'],
    async handle({ params: { employee_id }, query: { cards_max }, sql, ...call }) {
      const closed = await offboard(database, employee_id, { doer: doerOf(call), cardsMax: cards_max });
      await Promise.all(closed.slice(0, pushedAtOnceMax).map((cardId) => outbox.push(cardId)));
      const [employee, cards] = [await readEmployee(sql, employee_id), await cardsOfEmployee(sql, employee_id)];
      return { body: { ...employee, cards, cards_closed: closed.length } };
    },
  });
}

export function cardsOfEmployeesRoutes(parts: PushParts): readonly Route[] {
  return [assign, offboardEmployee(parts)];
}
