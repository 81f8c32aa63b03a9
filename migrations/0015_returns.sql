-- Payouts that came back after they were paid, and amounts that are not payable until a person has looked. The settlement's own
-- row is final and stays as it is: a return is a new fact beside it.

create table settlement_returns (
  settlement_return_no bigint generated always as identity primary key,
  settlement_return_id text not null unique,
  settlement_id text not null references settlements (settlement_id),
  merchant_id text not null,
  provider text not null,
  -- The provider's id of this return. The same return told by two messages is one row.
  provider_reference text not null,
  -- What the provider says came back; null: the payment as a whole, without an amount.
  stated_minor bigint check (stated_minor > 0),
  -- What the ledger moved for it. 0: an earlier "as a whole" had moved it already. Example: a status says that 100.00 came back
  -- (moved: 100.00), then the statement shows the credit of 100.00 (moved: 0).
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null,
  reason_code text not null,
  -- By the provider's clock; null where it does not tell.
  occurred_at timestamptz,
  -- `provider:…`, or the key of a person who booked it.
  booked_by text not null,
  -- What the provider said, as its reader read it.
  evidence json not null,
  booked_at timestamptz not null default clock_timestamp(),
  unique (provider, provider_reference)
);
create index settlement_returns_by_settlement on settlement_returns (settlement_id, settlement_return_no);
-- Finds what an endpoint missed.
create index settlement_returns_by_merchant on settlement_returns (merchant_id, booked_at);

-- Never more back than was paid, whatever the code believes. The settlement's row is locked first, so that of two returns of
-- one settlement the second sees the first.
create function returned_within_payment() returns trigger
language plpgsql
as $$
declare
  paid settlements;
  returned numeric;
begin
  select * into paid from settlements where settlement_id = new.settlement_id for no key update;
  if paid.state is distinct from 'completed' then
    raise exception 'settlement % is %: only what was paid comes back', new.settlement_id, paid.state
      using errcode = 'restrict_violation';
  end if;
  if (new.merchant_id, new.currency) is distinct from (paid.merchant_id, paid.currency) then
    raise exception 'settlement %: a return is of its merchant and currency', new.settlement_id using errcode = 'restrict_violation';
  end if;
  select coalesce(sum(amount_minor), 0) into returned from settlement_returns where settlement_id = new.settlement_id;
  if returned + new.amount_minor > paid.amount_minor then
    raise exception 'settlement %: % would have come back of %', new.settlement_id, returned + new.amount_minor, paid.amount_minor
      using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger returned_within_payment before insert on settlement_returns
  for each row execute function returned_within_payment();
create trigger append_only before update or delete or truncate on settlement_returns
  for each statement execute function refuse_change();

-- A return that a provider tells before its confirmation waits for the settlement to end, and is looked at again then.
alter table provider_webhooks add column waits_for text;
drop index provider_webhooks_waiting;
create index provider_webhooks_waiting on provider_webhooks (received_at) where processed_at is null and waits_for is null;
create index provider_webhooks_early on provider_webhooks (waits_for) where waits_for is not null;

-- In the commit that ends the settlement, whoever ends it. No sequential scan: few rows wait, and the table is large.
create function look_again_at_early_words() returns trigger
language plpgsql set enable_seqscan = off
as $$
begin
  update provider_webhooks set waits_for = null
  where waits_for is not null and waits_for in (select settlement_id from now_is where final_at is not null);
  return null;
end
$$;
create trigger look_again_at_early_words after update on settlements
  referencing new table as now_is for each statement execute function look_again_at_early_words();

-- Part of what is owed to a merchant that is not payable while an open item is open. Example: a payout of 50.00 failed and is owed
-- again; then the bank says that it paid it. Nobody may pay these 50.00 until a person has closed the item.
create table withheld_amounts (
  kind text not null,
  item_key text not null,
  merchant_id text not null references merchants (merchant_id),
  amount_minor bigint not null check (amount_minor > 0),
  withheld_at timestamptz not null default now(),
  primary key (kind, item_key),
  foreign key (kind, item_key) references open_items (kind, item_key)
);
create index withheld_amounts_of_merchant on withheld_amounts (merchant_id);
create trigger append_only before update or delete or truncate on withheld_amounts for each statement execute function refuse_change();

-- A run that the database refuses waits, so that it does not keep the others from their turn.
alter table settlement_runs add column due_at timestamptz not null default now();
drop index settlement_runs_open;
create index settlement_runs_open on settlement_runs (due_at, created_at) where state = 'open';

grant select, insert on settlement_returns, withheld_amounts to atlas_app;
