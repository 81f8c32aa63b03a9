-- Double entry. A transfer is a row that never changes; balances are kept beside the transfers by the database itself, in
-- the statement that inserts them; at commit the database checks that debits moved as much as credits, per currency.

create table ledger_accounts (
  ledger_account_no bigint generated always as identity primary key,
  -- What the outside sees: the number above would tell how many there are.
  ledger_account_id text not null unique,
  kind text not null check (kind in ('cardholder', 'network_clearing', 'funding_source', 'suspense')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  account_id text references accounts,
  network text,
  created_at timestamptz not null default now(),
  check ((kind = 'cardholder') = (account_id is not null)),
  check ((kind = 'network_clearing') = (network is not null)),
  -- One clearing account per network and currency, one suspense and one funding source per currency.
  unique nulls not distinct (kind, currency, network, account_id)
);
-- One ledger account, and so one currency, per account.
create unique index ledger_accounts_by_account on ledger_accounts (account_id) where account_id is not null;

create table ledger_balances (
  ledger_account_no bigint primary key references ledger_accounts,
  currency text not null,
  debits_pending bigint not null default 0 check (debits_pending >= 0),
  credits_pending bigint not null default 0 check (credits_pending >= 0),
  debits_posted bigint not null default 0 check (debits_posted >= 0),
  credits_posted bigint not null default 0 check (credits_posted >= 0)
) with (fillfactor = 50); -- updated once per batch: room on the page lets the update stay there, without touching the index

-- No foreign keys: a check per row costs more than the row. `book_transfers` refuses, once per statement, what they would.
create table ledger_transfers (
  transfer_no bigint generated always as identity primary key,
  -- 130 random bits, so unique without an index; one is added with the first query by it.
  transfer_id text not null,
  debit_account_no bigint not null,
  credit_account_no bigint not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  kind text not null check (kind in ('pending', 'post', 'void', 'direct')),
  -- Where it comes from a card's event: the event, and the event's place in the card's stream.
  authorization_id text,
  event_id text,
  stream_id bigint,
  sequence bigint,
  event_at_ms bigint not null,
  booked_at timestamptz not null default now(),
  check (debit_account_no <> credit_account_no),
  check ((stream_id is null) = (sequence is null) and (stream_id is null) = (event_id is null))
);
create index ledger_transfers_by_debit on ledger_transfers (debit_account_no, transfer_no);
create index ledger_transfers_by_credit on ledger_transfers (credit_account_no, transfer_no);
-- An event is booked once: a second booking of its step is refused here, whatever the code believes. Also serves the timeline.
create unique index ledger_transfers_by_event on ledger_transfers (stream_id, sequence, kind, debit_account_no)
  where stream_id is not null;

-- What each statement moved, in total per currency: what the check at commit adds up, and a trace of every change of balances.
create table ledger_journal (
  xact_id xid8 not null,
  currency text not null,
  debits_pending_moved numeric not null,
  credits_pending_moved numeric not null,
  debits_posted_moved numeric not null,
  credits_posted_moved numeric not null,
  moved_at timestamptz not null default now()
);
create index ledger_journal_by_xact on ledger_journal (xact_id);

-- Every ledger account begins with a balance of nothing.
create function open_balances() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into ledger_balances (ledger_account_no, currency) select ledger_account_no, currency from opened;
  return null;
end
$$;
create trigger open_balances after insert on ledger_accounts
  referencing new table as opened for each statement execute function open_balances();

-- Once per statement, not per row: an account that a batch names a thousand times is updated once.
-- Security definer, because the service has no right to write balances itself.
create function book_transfers() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  named bigint;
  moved bigint;
begin
  -- In the order of their numbers: two batches that share accounts queue up instead of deadlocking.
  perform from ledger_balances
    where ledger_account_no in (select debit_account_no from booked union select credit_account_no from booked)
    order by ledger_account_no
    for no key update;

  with side as (
    select debit_account_no as ledger_account_no, currency, kind, amount_minor as debit, 0::bigint as credit from booked
    union all
    select credit_account_no, currency, kind, 0::bigint, amount_minor from booked
  ), change as materialized (
    select
      ledger_account_no,
      currency,
      coalesce(sum(debit) filter (where kind = 'pending'), 0) - coalesce(sum(debit) filter (where kind in ('post', 'void')), 0) as debits_pending,
      coalesce(sum(credit) filter (where kind = 'pending'), 0) - coalesce(sum(credit) filter (where kind in ('post', 'void')), 0) as credits_pending,
      coalesce(sum(debit) filter (where kind in ('post', 'direct')), 0) as debits_posted,
      coalesce(sum(credit) filter (where kind in ('post', 'direct')), 0) as credits_posted
    from side group by ledger_account_no, currency
  ), done as (
    update ledger_balances b set
      debits_pending = b.debits_pending + c.debits_pending,
      credits_pending = b.credits_pending + c.credits_pending,
      debits_posted = b.debits_posted + c.debits_posted,
      credits_posted = b.credits_posted + c.credits_posted
    from change c
    where b.ledger_account_no = c.ledger_account_no and b.currency = c.currency
    returning 1
  )
  select (select count(*) from change), (select count(*) from done) into named, moved;

  if named <> moved then
    raise exception 'ledger: a transfer names an account that does not exist, or one of another currency'
      using errcode = 'foreign_key_violation';
  end if;
  return null;
end
$$;
create trigger book_transfers after insert on ledger_transfers
  referencing new table as booked for each statement execute function book_transfers();

create function journal_balances() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into ledger_journal
    select pg_current_xact_id(), currency, sum(debits_pending), sum(credits_pending), sum(debits_posted), sum(credits_posted)
    from (
      select currency, debits_pending, credits_pending, debits_posted, credits_posted from after
      union all
      select currency, -debits_pending, -credits_pending, -debits_posted, -credits_posted from before
    ) as change
    group by currency;
  return null;
end
$$;
create trigger journal_balances after update on ledger_balances
  referencing old table as before new table as after for each statement execute function journal_balances();

-- Without a transfer nothing can be in a new balance.
create function refuse_balance_from_nowhere() returns trigger
language plpgsql
as $$
begin
  if exists (select from opened where (debits_pending, credits_pending, debits_posted, credits_posted) <> (0, 0, 0, 0)) then
    raise exception 'ledger: a balance begins at zero' using errcode = 'check_violation';
  end if;
  return null;
end
$$;
create trigger refuse_balance_from_nowhere after insert on ledger_balances
  referencing new table as opened for each statement execute function refuse_balance_from_nowhere();

create function journal_must_balance() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if exists (
    select from ledger_journal
    where xact_id = new.xact_id and currency = new.currency
    having sum(debits_pending_moved) <> sum(credits_pending_moved) or sum(debits_posted_moved) <> sum(credits_posted_moved)
  ) then
    raise exception 'ledger: debits moved in % are not what credits moved', new.currency using errcode = 'check_violation';
  end if;
  return null;
end
$$;
-- Deferred to the commit, so that one transaction may move debits and credits in several statements. Per row, and cheap:
-- a statement leaves one row per currency here.
create constraint trigger journal_must_balance after insert on ledger_journal
  deferrable initially deferred for each row execute function journal_must_balance();

-- Statement triggers, not row triggers: they fire even where no row matches, and TRUNCATE has no rows.
create trigger append_only before update or delete or truncate on ledger_accounts for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_transfers for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on ledger_journal for each statement execute function refuse_change();
create trigger never_removed before delete or truncate on ledger_balances for each statement execute function refuse_change();

grant select, insert on ledger_accounts, ledger_transfers to atlas_app;
grant select on ledger_balances, ledger_journal to atlas_app;
