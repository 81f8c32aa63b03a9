-- The heads of the two hash chains are locked while a transaction commits, and no earlier: a process that stands still inside of one
-- keeps nobody else from the audit trail or the ledger. What is to be chained waits in a table of the transaction's own, and a deferred
-- trigger chains it. The form of events, seals and hashes is what it was, and their order is that of the commits.

-- Empty but for what transactions that are open have in it: rows go in the commit that made them. Unlogged: after a crash they are
-- gone, as those transactions are.
create unlogged table waiting_for_seal (
  waiting_no bigint generated always as identity primary key,
  -- Either events of the audit trail,
  entries audit_entry[],
  -- or the transfers of one statement, and the hash over them.
  transfer_nos int8multirange,
  transfers int,
  content bytea,
  check ((entries is null) <> (content is null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Refuses at once what the table of events would refuse at the commit, so that the statement at fault is known.
create or replace function append_audit_events(entries audit_entry[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if coalesce(cardinality(entries), 0) = 0 then return; end if;
  if exists (
    select from unnest(entries) as e
    where e.actor is null or e.action is null or e.subject is null or e.reason is null or e.correlation_id is null
  ) then
    raise exception 'an audit event lacks its actor, action, subject, reason or correlation_id' using errcode = 'not_null_violation';
  end if;
  -- Until the transaction's end: its commit takes the audit trail's head before the ledger's, whatever was written first.
  perform set_config('atlas.audit_waits', 'yes', true);
  insert into waiting_for_seal (entries) values (entries);
end
$$;

create or replace function seal_transfers() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into waiting_for_seal (transfer_nos, transfers, content)
    select range_agg(int8range(transfer_no, transfer_no, '[]')), count(*),
      sha256(convert_to(string_agg(transfer_text(booked), E'\n' order by transfer_no), 'utf8'))
    from booked having count(*) > 0;
  return null;
end
$$;

create function chain_audit_events(entries audit_entry[]) returns void
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  head audit_head;
  now_at timestamptz;
  contents bytea[];
  links bytea[];
  count int := cardinality(entries);
begin
  select * into strict head from audit_head for update;
  now_at := clock_timestamp();
  select array_agg(audit_content((head.audit_no + place, now_at, actor, action, subject, merchant_id, from_state, to_state,
      reason, correlation_id, null, null)::audit_events) order by place)
    into strict contents
    from unnest(entries) with ordinality
      as e (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id, place);
  links[0] := head.hash;
  for place in 1 .. count loop
    links[place] := sha256('atlas audit event' || links[place - 1] || contents[place]);
  end loop;
  insert into audit_events (audit_no, at, actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id,
      previous_hash, hash)
    select head.audit_no + place, now_at, actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id,
      links[place - 1], links[place]
    from unnest(entries) with ordinality
      as e (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id, place);
  update audit_head set audit_no = head.audit_no + count, hash = links[count];
end
$$;
revoke execute on function chain_audit_events(audit_entry[]) from public;

create function seal_what_waits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  head ledger_seal_head;
begin
  delete from waiting_for_seal where waiting_no = new.waiting_no;
  if new.entries is not null then
    perform chain_audit_events(new.entries);
    return null;
  end if;
  -- One order for all commits: two that write both chains never wait for each other in a circle.
  if current_setting('atlas.audit_waits', true) = 'yes' then perform from audit_head for update; end if;
  select * into strict head from ledger_seal_head for update;
  head.seal_no := head.seal_no + 1;
  insert into ledger_seals (seal_no, transfer_nos, transfers, previous_hash, hash)
    values (head.seal_no, new.transfer_nos, new.transfers, head.hash, sha256('atlas ledger seal' || head.hash || new.content))
    returning hash into head.hash;
  update ledger_seal_head set seal_no = head.seal_no, hash = head.hash;
  return null;
end
$$;
create constraint trigger seal_at_commit after insert on waiting_for_seal deferrable initially deferred
  for each row execute function seal_what_waits();
