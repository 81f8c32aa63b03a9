-- compatible-from: 38
-- Both hash chains are written behind the writers: a commit leaves what is to be chained in waiting_for_seal and locks no head; whoever
-- seals (origin/audit/sealing.ts) takes what is committed, in the order in which it was written, and chains it. The form of events, seals and
-- hashes is what it was. Where nobody seals behind (an older release, a tool alone), each commit does it, as since migration 0035.

-- Its rows are needed after a crash now.
alter table waiting_for_seal set logged;
-- When it was said or booked: of an audit event, the instant that is chained with it.
alter table waiting_for_seal add column waiting_since timestamptz not null default clock_timestamp();
create trigger never_emptied before truncate on waiting_for_seal for each statement execute function refuse_change();

create table sealing (
  only_row boolean primary key default true check (only_row),
  -- Until then commits leave it to whoever seals behind: a minute and a half from when that last did. Null: nobody has yet, or a commit has
  -- chained something itself since. A database at rest is not written to, so its first commit chains for itself.
  behind_until timestamptz,
  -- Below it nothing waits and nothing will: where the search for what waits begins, so that it does not walk past a day's dead rows.
  done_to bigint not null default 0,
  -- The next such mark, and a transaction that began after it was seen: it holds once all that are older have ended.
  seen_to bigint not null default 0,
  seen_by xid8
) with (fillfactor = 50);
insert into sealing default values;
create trigger never_removed before delete or truncate on sealing for each statement execute function refuse_change();

-- Refuses at once what the table of events would refuse at the sealing, so that the statement at fault is known.
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
  -- Numbered as a writer before it has a number in the queue: seal_waiting tells by that which numbers can still appear.
  perform pg_current_xact_id();
  insert into waiting_for_seal (entries) values (entries);
end
$$;

-- Chains at most so many rows of what is committed, in the order of their numbers, and returns how many there were. That order keeps causes
-- before effects: who acts on what another transaction wrote takes its number after that one's commit. (The order of transactions' own
-- numbers does not: 100 may wait for 101, and act on what it wrote.) A transaction that is open holds up nothing but its own rows.
-- `waits`: for somebody else who seals; otherwise that one does it, and 0 is returned. The heads are locked until the caller's commit.
create function seal_waiting(rows_max int, waits boolean) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  is_fresh boolean := pg_current_xact_id_if_assigned() is null;
  mark sealing;
  audit audit_head;
  ledger ledger_seal_head;
  waiting waiting_for_seal;
  ended xid8;
  contents bytea[];
  links bytea[];
  count int;
  nos bigint[] := '{}';
begin
  select * into strict mark from sealing;
  if not exists (select from waiting_for_seal where waiting_no > mark.done_to)
    and (waits or mark.behind_until is not null)
  then
    return 0;
  end if;
  if waits then
    perform from audit_head for update;
  else
    perform from audit_head for update skip locked;
    if not found then return 0; end if;
  end if;
  -- Under the lock, each in a statement of its own and so as of now: `ended` before what waits, so that those who have ended are seen there.
  select * into strict audit from audit_head;
  select * into strict ledger from ledger_seal_head for update;
  select * into strict mark from sealing;
  ended := pg_snapshot_xmin(pg_current_snapshot());
  for waiting in select * from waiting_for_seal where waiting_no > mark.done_to order by waiting_no limit rows_max loop
    nos := nos || waiting.waiting_no;
    if waiting.entries is null then
      ledger.seal_no := ledger.seal_no + 1;
      insert into ledger_seals (seal_no, transfer_nos, transfers, previous_hash, hash)
        values (ledger.seal_no, waiting.transfer_nos, waiting.transfers, ledger.hash, sha256('atlas ledger seal' || ledger.hash || waiting.content))
        returning hash into ledger.hash;
    else
      select array_agg(audit_content((audit.audit_no + place, waiting.waiting_since, actor, action, subject, merchant_id, from_state,
          to_state, reason, correlation_id, null, null)::audit_events) order by place)
        into strict contents
        from unnest(waiting.entries) with ordinality
          as e (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id, place);
      count := cardinality(contents);
      links := '{}';
      links[0] := audit.hash;
      for place in 1 .. count loop
        links[place] := sha256('atlas audit event' || links[place - 1] || contents[place]);
      end loop;
      insert into audit_events (audit_no, at, actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id,
          previous_hash, hash)
        select audit.audit_no + place, waiting.waiting_since, actor, action, subject, merchant_id, from_state, to_state, reason,
          correlation_id, links[place - 1], links[place]
        from unnest(waiting.entries) with ordinality
          as e (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id, place);
      audit.audit_no := audit.audit_no + count;
      audit.hash := links[count];
    end if;
  end loop;
  update audit_head set audit_no = audit.audit_no, hash = audit.hash where audit_no <> audit.audit_no;
  update ledger_seal_head set seal_no = ledger.seal_no, hash = ledger.hash where seal_no <> ledger.seal_no;
  delete from waiting_for_seal where waiting_no = any (nos);
  -- Of another server, as a dump brings it: its numbers say nothing here.
  if mark.seen_by > pg_current_xact_id() then mark.seen_by := null; end if;
  if cardinality(nos) < rows_max and mark.seen_by <= ended then
    mark.done_to := mark.seen_to;
    mark.seen_by := null;
  end if;
  if mark.seen_by is null and mark.seen_to > mark.done_to then
    -- Whoever has a number up to seen_to began before that was seen, so before this transaction, unless it is a writer's own.
    if is_fresh and not waits then mark.seen_by := pg_current_xact_id(); end if;
  elsif mark.seen_by is null then
    mark.seen_to := greatest(mark.seen_to, nos[cardinality(nos)]);
  end if;
  update sealing set done_to = mark.done_to, seen_to = mark.seen_to, seen_by = mark.seen_by,
    behind_until = case when waits then null else clock_timestamp() + interval '90 seconds' end;
  return cardinality(nos);
end
$$;

create or replace function seal_what_waits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Further ahead than it can be: the clock was set back.
  if exists (select from sealing where behind_until between clock_timestamp() and clock_timestamp() + interval '90 seconds') then
    return null;
  end if;
  while exists (select from waiting_for_seal where waiting_no = new.waiting_no) loop
    exit when seal_waiting(500, true) = 0;
  end loop;
  return null;
end
$$;
revoke execute on function seal_waiting(int, boolean) from public;

-- All of the audit trail: what is chained, and what waits for it (with neither number nor hash). In the order of
-- (audit_no nulls last, waiting_no, place).
create view audit_trail as
  select audit_no, null::bigint as waiting_no, null::bigint as place, at, actor, action, subject, merchant_id, from_state, to_state, reason,
    correlation_id
  from audit_events
  union all
  select null, w.waiting_no, e.place, w.waiting_since, e.actor, e.action, e.subject, e.merchant_id, e.from_state, e.to_state, e.reason,
    e.correlation_id
  from waiting_for_seal w
  cross join lateral unnest(w.entries) with ordinality
    as e (actor, action, subject, merchant_id, from_state, to_state, reason, correlation_id, place);
