// Companies, their departments and employees, for operators' keys: who has cards, and what becomes of them when somebody leaves.

import type { Card } from './cards.ts';
import { Listing, pageOf } from './listing.ts';
import type { PageQuery } from './merchants.ts';
import type { CreateOptions } from './settlements.ts';
import { type CallOptions, newIdempotencyKey, path, type Send } from './transport.ts';

export interface Company {
  readonly company_id: `comp_${string}`;
  readonly name: string;
  /** What your own systems call it; no other company has the same. */
  readonly reference: string | null;
  readonly status: 'active' | 'closed';
  readonly created_at_ms: number;
}

export interface Department {
  readonly department_id: `dept_${string}`;
  readonly company_id: `comp_${string}`;
  /** Null: directly under the company. */
  readonly parent_department_id: `dept_${string}` | null;
  readonly name: string;
  readonly reference: string | null;
  readonly created_at_ms: number;
}

export interface Employee {
  readonly employee_id: `empl_${string}`;
  readonly company_id: `comp_${string}`;
  readonly department_id: `dept_${string}`;
  readonly display_name: string | null;
  readonly reference: string | null;
  readonly status: 'active' | 'offboarding' | 'offboarded';
  readonly created_at_ms: number;
}

export interface EmployeeWithCards extends Employee {
  readonly cards: { readonly total: number; readonly closed: number; readonly waiting_for_edge: number };
}

export interface EmployeeQuery extends PageQuery {
  readonly department_id?: string | undefined;
  readonly status?: Employee['status'] | undefined;
  readonly reference?: string | undefined;
}

export class Companies {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  create(
    body: { readonly name: string; readonly reference?: string | null },
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {},
  ): Promise<Company> {
    return this.#send({ method: 'POST', path: '/companies', body, idempotencyKey, signal });
  }

  retrieve(companyId: string, { signal }: CallOptions = {}): Promise<Company> {
    return this.#send({ method: 'GET', path: path`/companies/${companyId}`, signal });
  }

  list(
    { cursor: from, ...query }: PageQuery & { readonly reference?: string } = {},
    { signal }: CallOptions = {},
  ): Listing<Company> {
    return new Listing(async (cursor) => {
      const call = { method: 'GET', path: '/companies', query: { ...query, cursor }, signal } as const;
      return pageOf<Company>(await this.#send(call), 'companies');
    }, from);
  }

  createDepartment(
    companyId: string,
    body: { readonly name: string; readonly parent_department_id?: string | null; readonly reference?: string | null },
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {},
  ): Promise<Department> {
    const call = { method: 'POST', path: path`/companies/${companyId}/departments` } as const;
    return this.#send({ ...call, body, idempotencyKey, signal });
  }

  departments(companyId: string, { cursor: from, limit }: PageQuery = {}, { signal }: CallOptions = {}) {
    return new Listing<Department>(async (cursor) => {
      const call = {
        method: 'GET',
        path: path`/companies/${companyId}/departments`,
        query: { limit, cursor },
      } as const;
      return pageOf<Department>(await this.#send({ ...call, signal }), 'departments');
    }, from);
  }

  createEmployee(
    departmentId: string,
    body: { readonly display_name?: string | null; readonly reference?: string | null } = {},
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {},
  ): Promise<Employee> {
    const call = { method: 'POST', path: path`/departments/${departmentId}/employees` } as const;
    return this.#send({ ...call, body, idempotencyKey, signal });
  }

  employees(companyId: string, { cursor: from, ...query }: EmployeeQuery = {}, { signal }: CallOptions = {}) {
    return new Listing<Employee>(async (cursor) => {
      const call = {
        method: 'GET',
        path: path`/companies/${companyId}/employees`,
        query: { ...query, cursor },
      } as const;
      return pageOf<Employee>(await this.#send({ ...call, signal }), 'employees');
    }, from);
  }

  employee(employeeId: string, { signal }: CallOptions = {}): Promise<EmployeeWithCards> {
    return this.#send({ method: 'GET', path: path`/employees/${employeeId}`, signal });
  }

  /** Null: taken back. The same again changes nothing. */
  assignCard(cardId: string, employeeId: string | null, { signal }: CallOptions = {}): Promise<Card> {
    const call = { method: 'PUT', path: path`/cards/${cardId}/employee` } as const;
    return this.#send({ ...call, body: { employee_id: employeeId }, signal });
  }

  /** Closes a thousand cards at most; while `status` is `offboarding`, some are left: call again. */
  offboard(employeeId: string, { signal }: CallOptions = {}): Promise<EmployeeWithCards & { cards_closed: number }> {
    return this.#send({ method: 'POST', path: path`/employees/${employeeId}/offboard`, signal });
  }

  /** Takes name and reference out, after the person has left too. */
  forget(employeeId: string, { signal }: CallOptions = {}): Promise<Employee> {
    const body = { display_name: null, reference: null };
    return this.#send({ method: 'PATCH', path: path`/employees/${employeeId}`, body, signal });
  }
}
