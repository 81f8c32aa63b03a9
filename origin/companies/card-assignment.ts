// Which employee has a card. A card without one is the program's own; it is given, given on within its company, and taken back.

import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { audit, lockOpenCompany } from './companies.ts';
import { type Employee, lockEmployee } from './employees.ts';

interface Held {
  readonly company_id: string;
  readonly employee_id: string;
}

/** `employeeId` null: nobody has it any more. The same again changes nothing. */
export async function assignCard(sql: Sql, cardId: string, employeeId: string | null, doer: Doer): Promise<void> {
  // The card first, as everywhere: two assignments of one card take turns.
  const { rows: cards } = await sql.query<{ company_id: string | null }>(
    `select a.company_id from cards c join accounts a using (account_id) where card_id = $1 for update of c`,
    [cardId],
  );
  const [card] = cards;
  if (card === undefined) throw refusal('card_not_found');
  const { rows } = await sql.query<Held>('select company_id, employee_id from card_assignments where card_id = $1', [
    cardId,
  ]);
  const held = rows[0] ?? null;
  const before = held?.employee_id ?? null;
  if (before === employeeId) return;
  if (employeeId === null) await sql.query('delete from card_assignments where card_id = $1', [cardId]);
  else await assign(sql, cardId, await employeeFor(sql, employeeId, [card.company_id, held?.company_id ?? null]));
  const reason = `from ${before ?? 'nobody'} to ${employeeId ?? 'nobody'}`;
  await audit(sql, doer, { action: 'card.assigned', subject: cardId, reason });
}

/** `companies`: that of the card's account, and that of who has it. */
async function employeeFor(sql: Sql, employeeId: string, companies: readonly (string | null)[]): Promise<Employee> {
  const { rows } = await sql.query<{ company_id: string }>('select company_id from employees where employee_id = $1', [
    employeeId,
  ]);
  const [found] = rows;
  if (found === undefined) throw refusal('employee_not_found');
  if (companies.some((company) => company !== null && company !== found.company_id))
    throw refusal('card_of_another_company');
  await lockOpenCompany(sql, found.company_id, 'member');
  const employee = await lockEmployee(sql, employeeId);
  if (employee.status !== 'active') throw refusal('employee_offboarded');
  return employee;
}

async function assign(sql: Sql, cardId: string, { company_id, employee_id }: Employee): Promise<void> {
  // `on conflict do update`: who had it before has it no more, in the same statement.
  await sql.query(
    `insert into card_assignments (card_id, company_id, employee_id) values ($1, $2, $3)
     on conflict (card_id) do update set company_id = excluded.company_id, employee_id = excluded.employee_id, assigned_at = now()`,
    [cardId, company_id, employee_id],
  );
}
