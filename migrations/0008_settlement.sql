-- What is owed gets paid: merchants, their settlements, and everything that partners touch. The state machine is enforced here
-- again, whatever the code believes, and each of its transitions writes its own audit event.

-- Programs and merchants that are paid out. `network_merchant_ids`: the acquirers' ids whose clearings are owed to it.
create table merchants (
  merchant_no bigint generated always as identity primary key,
  merchant_id text not null unique,
  name text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  network_merchant_ids text[] not null default '{}',
  -- Where it is paid to, by provider: tokens of theirs, or bank details in IBAN form; never card data.
  destinations jsonb not null default '{}',
  -- When what has cleared is settled by itself: null, never. Local time of day in an IANA zone.
  schedule_time text check (schedule_time ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  schedule_zone text,
  created_at timestamptz not null default now(),
  check ((schedule_time is null) = (schedule_zone is null))
);

create index merchants_by_network_id on merchants using gin (network_merchant_ids);

-- Ledger accounts of the second half: what is owed to a merchant, and what is on its way through a provider.
alter table ledger_accounts drop constraint ledger_accounts_kind_check;
alter table ledger_accounts add column merchant_id text references merchants (merchant_id);
alter table ledger_accounts add column provider text;
-- Refuses what would bring debits, pending ones included, above the credits that are posted: nobody is paid what is not owed.
alter table ledger_accounts add column never_overdrawn boolean not null default false;
alter table ledger_accounts add constraint ledger_accounts_kind_check
  check (kind in ('cardholder', 'network_clearing', 'funding_source', 'suspense', 'merchant_payable', 'provider_transit'));
alter table ledger_accounts add constraint ledger_accounts_of_merchants check ((kind = 'merchant_payable') = (merchant_id is not null));
alter table ledger_accounts add constraint ledger_accounts_of_providers check ((kind = 'provider_transit') = (provider is not null));
alter table ledger_accounts drop constraint ledger_accounts_kind_currency_network_account_id_key;
alter table ledger_accounts add constraint ledger_accounts_once
  unique nulls not distinct (kind, currency, network, account_id, merchant_id, provider);

alter table ledger_balances add column never_overdrawn boolean not null default false;
alter table ledger_balances add constraint ledger_balances_never_overdrawn
  check (not never_overdrawn or debits_posted + debits_pending <= credits_posted);

create or replace function open_balances() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into ledger_balances (ledger_account_no, currency, never_overdrawn)
    select ledger_account_no, currency, never_overdrawn from opened;
  return null;
end
$$;

alter table ledger_transfers add column settlement_id text;
-- Reserved once, and once paid or given back: a second of either is refused here.
-- A `direct` one moves what was paid to the transit account of the provider that paid it, where that is not the one reserved with.
create unique index ledger_transfers_by_settlement on ledger_transfers (settlement_id, (kind = 'pending'))
  where settlement_id is not null and kind <> 'direct';

create table settlements (
  settlement_no bigint generated always as identity primary key,
  settlement_id text not null unique,
  merchant_id text not null references merchants (merchant_id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  -- The merchant's, as they were when it was asked for: a provider is asked about a payment where that was sent.
  destinations jsonb not null default '{}',
  -- The merchant's own word for it, shown on its statement.
  reference text not null default '',
  -- The scheduled run that made it; null for one that was asked for.
  run_id text,
  state text not null default 'queued'
    check (state in ('queued', 'processing', 'completed', 'failed', 'retry_pending')),
  step text not null default 'reserve' check (step in ('reserve', 'submit', 'confirm', 'post', 'finalise')),
  -- The provider that has it, and what it calls it.
  provider text,
  provider_reference text,
  -- Submissions to this provider and the others; each has an idempotency key of its own: settlement_id and this number.
  submissions int not null default 0 check (submissions >= 0),
  -- It may have been paid: it is asked about until that is known, and never sent elsewhere.
  outcome_unknown boolean not null default false,
  polls int not null default 0 check (polls >= 0),
  -- Tries of the step in hand that failed softly.
  attempts int not null default 0 check (attempts >= 0),
  failure_code text,
  failure_kind text check (failure_kind in ('soft', 'hard')),
  -- Set aside until somebody replays or discards it.
  dead_lettered_at timestamptz,
  due_at timestamptz not null default now(),
  lease_owner text,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  final_at timestamptz,
  -- Who made the newest change, why, and in the course of what: the audit event of a transition is written from these.
  changed_by text not null,
  change_reason text not null default '',
  correlation_id text not null,
  check ((state in ('completed', 'failed')) = (final_at is not null)),
  check (state <> 'failed' or failure_code is not null),
  check ((lease_owner is null) = (lease_until is null))
);
create index settlements_due on settlements (due_at) where state in ('queued', 'processing', 'retry_pending') and dead_lettered_at is null;
create index settlements_by_merchant on settlements (merchant_id, settlement_no desc);
create index settlements_by_provider_reference on settlements (provider, provider_reference) where provider_reference is not null;
create index settlements_dead on settlements (dead_lettered_at) where dead_lettered_at is not null;
create index settlements_by_run on settlements (run_id) where run_id is not null;

create function settlement_may_change() returns trigger
language plpgsql
as $$
begin
  if old.state in ('completed', 'failed') then
    raise exception 'settlement % is final: it is never changed again', old.settlement_id using errcode = 'restrict_violation';
  end if;
  if (new.settlement_no, new.settlement_id, new.merchant_id, new.amount_minor, new.currency, new.destinations, new.reference, new.created_at)
    is distinct from
    (old.settlement_no, old.settlement_id, old.merchant_id, old.amount_minor, old.currency, old.destinations, old.reference, old.created_at) then
    raise exception 'settlement %: what it pays, to whom, and its names never change', old.settlement_id using errcode = 'restrict_violation';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (
    ('queued', 'processing'), ('queued', 'failed'),
    ('processing', 'completed'), ('processing', 'failed'), ('processing', 'retry_pending'),
    ('retry_pending', 'processing'), ('retry_pending', 'failed')
  ) then
    raise exception 'settlement %: % does not become %', old.settlement_id, old.state, new.state using errcode = 'restrict_violation';
  end if;
  if new.submissions < old.submissions then
    raise exception 'settlement %: a submission is never taken back', old.settlement_id using errcode = 'restrict_violation';
  end if;
  -- Elsewhere only where it is known that the one who had it has not paid.
  if old.outcome_unknown and new.provider is distinct from old.provider then
    raise exception 'settlement %: it may have been paid by %', old.settlement_id, old.provider using errcode = 'restrict_violation';
  end if;
  new.updated_at := clock_timestamp();
  if new.state in ('completed', 'failed') and old.final_at is null then new.final_at := new.updated_at; end if;
  return new;
end
$$;
create trigger settlement_may_change before update on settlements for each row execute function settlement_may_change();

create function audit_settlement() returns trigger
language plpgsql
as $$
begin
  insert into audit_events (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id)
  values (new.changed_by, case tg_op when 'INSERT' then 'settlement.created' else 'settlement.transition' end,
    new.settlement_id, new.merchant_id, case tg_op when 'INSERT' then null else old.state end, new.state,
    new.change_reason, new.correlation_id);
  return null;
end
$$;
create trigger audit_settlement_created after insert on settlements for each row execute function audit_settlement();
create trigger audit_settlement_transition after update on settlements for each row
  when (new.state is distinct from old.state) execute function audit_settlement();
create trigger never_removed before delete or truncate on settlements for each statement execute function refuse_change();

-- Every word exchanged with a provider about a settlement: before it is sent, and what came back. Never changed.
create table provider_exchanges (
  exchange_no bigint generated always as identity primary key,
  settlement_id text not null,
  submission int not null,
  provider text not null,
  kind text not null check (kind in ('submit', 'ask', 'confirmation')),
  -- sending, accepted, paid, rejected, not_taken, unknown, pending, not_found
  outcome text not null,
  detail text not null default '',
  duration_ms int,
  at timestamptz not null default clock_timestamp()
);
create index provider_exchanges_by_settlement on provider_exchanges (settlement_id, exchange_no);
create trigger append_only before update or delete or truncate on provider_exchanges for each statement execute function refuse_change();

-- A provider's webhooks, stored before they are acknowledged: a second arrival of one changes nothing.
create table provider_webhooks (
  provider text not null,
  webhook_id text not null,
  body text not null,
  -- What it says of a settlement, as its provider's code read it; null: of none of ours.
  word json,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  outcome text,
  primary key (provider, webhook_id)
);
create index provider_webhooks_waiting on provider_webhooks (received_at) where processed_at is null;

-- Scheduled runs: what has cleared up to an instant, settled once. A run that died is taken up where it stood.
create table settlement_runs (
  run_id text primary key,
  merchant_id text not null references merchants (merchant_id),
  -- Local date in the merchant's zone: one run a day.
  local_date date not null,
  state text not null default 'open' check (state in ('open', 'done')),
  accrued_minor bigint not null default 0,
  settlement_id text,
  created_at timestamptz not null default now(),
  done_at timestamptz,
  unique (merchant_id, local_date)
);
create index settlement_runs_open on settlement_runs (created_at) where state = 'open';

-- Up to which of the ledger's seals clearings have been credited to the merchants that they are owed to. Seals take their numbers
-- in the order of their commits, so nothing can still appear behind this one; numbers of transfers do not.
create table accrual_head (
  only_row boolean primary key default true check (only_row),
  seal_no bigint not null
) with (fillfactor = 50);
insert into accrual_head (seal_no) values (0);

-- Refunds beyond what was still owed to a merchant: taken from what clears next.
create table merchant_accruals (
  merchant_id text primary key references merchants (merchant_id),
  deficit_minor bigint not null default 0 check (deficit_minor >= 0)
);

grant select, insert, update on merchants, settlements, settlement_runs, merchant_accruals to atlas_app;
grant select, update on accrual_head to atlas_app;
grant select, insert on provider_exchanges to atlas_app;
grant select, insert, update on provider_webhooks to atlas_app;
