-- The hash chain over the ledger: each statement that books transfers is sealed with a hash over its rows and the seal before.

create table ledger_seals (
  seal_no bigint primary key,
  -- The rows it seals, by their numbers: statements that run at the same time take numbers in turn.
  transfer_nos int8multirange not null,
  transfers int not null,
  previous_hash bytea not null,
  hash bytea not null,
  sealed_at timestamptz not null default clock_timestamp()
);

create table ledger_seal_head (
  only_row boolean primary key default true check (only_row),
  seal_no bigint not null,
  hash bytea not null
) with (fillfactor = 50);
insert into ledger_seal_head (seal_no, hash) values (0, sha256('atlas ledger'));

-- Every column, so that none can be changed unseen. `stable`, as concat_ws is: marked immutable, it could not be inlined, and
-- would cost a call per transfer.
create function transfer_text(t ledger_transfers) returns text
language sql stable
as $$
  select concat_ws('|', t.transfer_no, t.transfer_id, t.debit_account_no, t.credit_account_no, t.amount_minor, t.currency, t.kind,
    coalesce(t.authorization_id, '-'), coalesce(t.event_id, '-'), coalesce(t.stream_id, 0), coalesce(t.sequence, 0),
    coalesce(t.settlement_id, '-'), t.event_at_ms, (extract(epoch from t.booked_at) * 1000000)::bigint)
$$;

create function seal_transfers() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  head ledger_seal_head;
  content bytea;
  nos int8multirange;
  n int;
begin
  select count(*), range_agg(int8range(transfer_no, transfer_no, '[]')),
    sha256(convert_to(string_agg(transfer_text(booked), E'\n' order by transfer_no), 'utf8'))
    into n, nos, content from booked;
  if n = 0 then return null; end if;
  select * into strict head from ledger_seal_head for update;
  head.seal_no := head.seal_no + 1;
  insert into ledger_seals (seal_no, transfer_nos, transfers, previous_hash, hash)
    values (head.seal_no, nos, n, head.hash, sha256('atlas ledger seal' || head.hash || content))
    returning hash into head.hash;
  update ledger_seal_head set seal_no = head.seal_no, hash = head.hash;
  return null;
end
$$;
-- What was booked before there were seals: sealed now, as it stands. The head's insert above has made seal 0.
do $$
declare
  head ledger_seal_head;
  content bytea;
  nos int8multirange;
  n int;
begin
  select count(*), range_agg(int8range(transfer_no, transfer_no, '[]')),
    sha256(convert_to(string_agg(transfer_text(t), E'\n' order by transfer_no), 'utf8'))
    into n, nos, content from ledger_transfers t;
  if n = 0 then return; end if;
  select * into strict head from ledger_seal_head;
  insert into ledger_seals (seal_no, transfer_nos, transfers, previous_hash, hash)
    values (1, nos, n, head.hash, sha256('atlas ledger seal' || head.hash || content));
  update ledger_seal_head set seal_no = 1, hash = (select hash from ledger_seals where seal_no = 1);
end
$$;

-- After the balances (triggers fire in the order of their names), so that the head is locked for as short as can be.
create trigger seal_transfers after insert on ledger_transfers
  referencing new table as booked for each statement execute function seal_transfers();

create trigger append_only before update or delete or truncate on ledger_seals for each statement execute function refuse_change();
create trigger never_removed before delete or truncate on ledger_seal_head for each statement execute function refuse_change();
grant select on ledger_seals, ledger_seal_head to atlas_app;
