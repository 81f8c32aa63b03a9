-- compatible-from: 36
-- Accounts of companies: what kind of funds they are, whose, under which other account, and with what budget. An account of before is one that
-- the card's processor holds the money of.

alter table accounts
  add column kind text not null default 'network' check (kind in ('prefunded', 'credit', 'network')),
  -- How far below nothing a credit account may go.
  add column credit_limit_minor bigint check (credit_limit_minor >= 0),
  -- Null: of no company. With it, of all the company, or of one of these.
  add column company_id text references companies,
  add column department_id text,
  add column employee_id text,
  -- Null: it stands at the top, and has funds of its own. Otherwise it spends those of the account at its top.
  add column parent_account_id text references accounts,
  add column budget_minor bigint check (budget_minor >= 0),
  -- Over which time: a calendar window, as a control has it.
  add column budget_window json,
  -- Whether budgets right below this account may be larger than its own.
  add column children_may_exceed boolean not null default false,
  add constraint accounts_credit_limit check (kind <> 'credit' or parent_account_id is not null or credit_limit_minor is not null),
  add constraint accounts_limit_at_the_top check (credit_limit_minor is null or (kind = 'credit' and parent_account_id is null)),
  add constraint accounts_one_owner check (department_id is null or employee_id is null),
  add constraint accounts_owner_of_company check (company_id is not null or (department_id is null and employee_id is null and parent_account_id is null)),
  add constraint accounts_not_its_own_parent check (parent_account_id <> account_id),
  add constraint accounts_budget check ((budget_minor is null) = (budget_window is null)),
  add constraint accounts_department foreign key (company_id, department_id) references departments (company_id, department_id),
  add constraint accounts_employee foreign key (company_id, employee_id) references employees (company_id, employee_id);

-- As in migration 0024, and money may go back to where it came from: a withdrawal of an account, which the audit trail has by its id.
create or replace function direct_has_a_cause() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  wrong record;
begin
  select t.transfer_id, d.kind as debit, c.kind as credit into wrong
    from booked t
    join ledger_accounts d on d.ledger_account_no = t.debit_account_no
    join ledger_accounts c on c.ledger_account_no = t.credit_account_no
    where t.kind = 'direct' and t.event_id is null and t.settlement_id is null
      and (d.kind, c.kind) not in (('funding_source', 'cardholder'), ('cardholder', 'funding_source'),
        ('network_clearing', 'merchant_payable'), ('merchant_payable', 'network_clearing'))
    limit 1;
  if found then
    raise exception 'transfer %: from % to % without an event or a settlement', wrong.transfer_id, wrong.debit, wrong.credit
      using errcode = 'check_violation';
  end if;
  return null;
end $$;
