-- compatible-from: 36
-- Whose cards they are: companies, their departments (a tree), their employees, and which employee has which card.

create table companies (
  company_id text primary key,
  name text not null,
  -- What the card program calls it in its own systems.
  reference text,
  status text not null default 'active' check (status in ('active', 'closed')),
  created_at timestamptz not null default now()
);
create unique index companies_by_reference on companies (reference) where reference is not null;

create table departments (
  department_id text primary key,
  company_id text not null references companies,
  -- Null: directly under the company.
  parent_department_id text,
  name text not null,
  reference text,
  created_at timestamptz not null default now(),
  unique (company_id, department_id),
  -- Both columns: a parent of another company is refused by the database too.
  foreign key (company_id, parent_department_id) references departments (company_id, department_id),
  check (parent_department_id <> department_id)
);
create unique index departments_by_reference on departments (company_id, reference) where reference is not null;
create index departments_by_parent on departments (parent_department_id, department_id);

create table employees (
  employee_id text primary key,
  company_id text not null references companies,
  department_id text not null,
  -- All that is kept of a person, and both may be taken out (docs/retention.md).
  display_name text,
  reference text,
  -- `offboarding`: gets no card any more, and some of those it has are still to be closed.
  status text not null default 'active' check (status in ('active', 'offboarding', 'offboarded')),
  created_at timestamptz not null default now(),
  unique (company_id, employee_id),
  foreign key (company_id, department_id) references departments (company_id, department_id)
);
create unique index employees_by_reference on employees (company_id, reference) where reference is not null;
create index employees_by_department on employees (department_id, employee_id);

-- A row: this card is in the hands of this employee. The audit trail has who had it before.
create table card_assignments (
  card_id text primary key references cards,
  company_id text not null,
  employee_id text not null,
  assigned_at timestamptz not null default now(),
  foreign key (company_id, employee_id) references employees (company_id, employee_id)
);
create index card_assignments_by_employee on card_assignments (employee_id, card_id);
create index card_assignments_by_company on card_assignments (company_id, card_id);
