// Companies: whose departments, employees and cards they are. A company that is closed stays, and takes nothing new.

import { type Id, newId } from '../../contracts/ids.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import { sqlState } from '../db/away.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';

export interface Company {
  readonly company_id: string;
  readonly name: string;
  readonly reference: string | null;
  readonly status: 'active' | 'closed';
  readonly created_at: Date;
}

const uniqueViolation = '23505';

/** A second one with the same reference of the program is refused by its name; any other error stays what it is. */
export async function withOwnReference<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (sqlState(error) === uniqueViolation) throw refusal('reference_already_used');
    throw error;
  }
}

export interface NewCompany {
  readonly name: string;
  readonly reference: string | null;
}

export async function createCompany(sql: Sql, { name, reference }: NewCompany, doer: Doer): Promise<Id<'comp'>> {
  const company_id = newId('comp');
  await withOwnReference(() =>
    sql.query('insert into companies (company_id, name, reference) values ($1, $2, $3)', [company_id, name, reference]),
  );
  await audit(sql, doer, { action: 'company.created', subject: company_id, reason: '' });
  return company_id;
}

/**
 * The company's row, so that nothing changes its form meanwhile. `shape`: departments move one at a time, else two moves at once could make a
 * circle that neither of them sees. `member`: what is added to it only has to know that it is not closed in the same instant.
 */
export async function lockCompany(sql: Sql, companyId: string, what: 'shape' | 'member'): Promise<Company> {
  const { rows } = await sql.query<Company>(
    `select * from companies where company_id = $1 ${what === 'shape' ? 'for no key update' : 'for share'}`,
    [companyId],
  );
  const [company] = rows;
  if (company === undefined) throw refusal('company_not_found');
  return company;
}

/** To add something to. */
export async function lockOpenCompany(sql: Sql, companyId: string, what: 'shape' | 'member'): Promise<Company> {
  const company = await lockCompany(sql, companyId, what);
  if (company.status === 'closed') throw refusal('company_closed');
  return company;
}

export interface CompanyChange {
  readonly name?: string | undefined;
  readonly reference?: string | null | undefined;
  readonly status?: 'closed' | undefined;
}

/** Closed once, for good; closing it again changes nothing. Refused while an employee may still have a card that works. */
export async function changeCompany(sql: Sql, companyId: string, change: CompanyChange, doer: Doer): Promise<void> {
  const before = await lockCompany(sql, companyId, 'shape');
  const after = { ...before, ...given(change) };
  if (before.status === 'active' && after.status === 'closed') await assertNoEmployees(sql, companyId);
  await withOwnReference(() =>
    sql.query('update companies set name = $2, reference = $3, status = $4 where company_id = $1', [
      ...[companyId, after.name, after.reference, after.status],
    ]),
  );
  const states = before.status === after.status ? {} : { from_state: before.status, to_state: after.status };
  const reason = namesOf(change);
  await audit(sql, doer, { action: 'company.changed', subject: companyId, ...states, reason });
}

async function assertNoEmployees(sql: Sql, companyId: string): Promise<void> {
  const { rows } = await sql.query(
    `select from employees where company_id = $1 and status <> 'offboarded' order by employee_id limit 1`,
    [companyId],
  );
  if (rows.length > 0) throw refusal('company_has_employees');
}

/** Without what was not said. */
export function given<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}

/** Which fields: the trail is for ever, and a person's name stands in none of its events. */
export function namesOf(change: object): string {
  return Object.keys(given(change)).join(', ');
}

interface Audited {
  readonly action: string;
  readonly subject: string;
  readonly from_state?: string | null;
  readonly to_state?: string | null;
  readonly reason: string;
}

/** Of no merchant. Call it last: see audit-event.ts. */
export async function audit(sql: Sql, doer: Doer, event: Audited): Promise<void> {
  await recordAuditEvents(sql, [{ ...doer, ...event, merchant_id: null }]);
}
