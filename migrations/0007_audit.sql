-- The audit trail: who did what to what, when, from where to where, and why. Each row is sealed by a hash over itself and the
-- row before it, by the database, in the statement that inserts it: what is changed, left out or put in later shows.

create table audit_events (
  -- 1, 2, 3 …: given by the head, so a missing number is a missing row.
  audit_no bigint primary key,
  at timestamptz not null,
  -- An API key's id, `engine`, `provider:…`, `operator:…`.
  actor text not null,
  -- As `settlement.transition`.
  action text not null,
  -- The id of what it was done to.
  subject text not null,
  -- Whose it is, where it belongs to a merchant: what a merchant's key may read.
  merchant_id text,
  from_state text,
  to_state text,
  reason text not null default '',
  correlation_id text not null,
  previous_hash bytea not null,
  hash bytea not null
);
create index audit_events_by_subject on audit_events (subject, audit_no);

-- The newest row's number and hash: one row, locked until its transaction ends, so that the chain never forks. A transaction
-- therefore writes its audit events last.
create table audit_head (
  only_row boolean primary key default true check (only_row),
  audit_no bigint not null,
  hash bytea not null
) with (fillfactor = 50);
insert into audit_head (audit_no, hash) values (0, sha256('atlas audit'));

-- Each value by its length in bytes: no two rows read the same. Null is told from the empty text.
create function sealed_text(variadic parts text[]) returns bytea
language sql immutable
as $$
  select convert_to(
    coalesce(string_agg(case when part is null then '-,' else octet_length(part) || ':' || part || ',' end, '' order by place), ''),
    'utf8')
  from unnest(parts) with ordinality as listed (part, place)
$$;

create function audit_hash(event audit_events) returns bytea
language sql immutable
as $$
  select sha256('atlas audit event' || event.previous_hash || sealed_text(
    event.audit_no::text,
    (extract(epoch from event.at) * 1000000)::bigint::text,
    event.actor, event.action, event.subject, event.merchant_id,
    event.from_state, event.to_state, event.reason, event.correlation_id))
$$;

create function seal_audit_event() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  head audit_head;
begin
  select * into strict head from audit_head for update;
  new.audit_no := head.audit_no + 1;
  new.at := clock_timestamp();
  new.previous_hash := head.hash;
  new.hash := audit_hash(new);
  update audit_head set audit_no = new.audit_no, hash = new.hash;
  return new;
end
$$;
create trigger seal_audit_event before insert on audit_events for each row execute function seal_audit_event();

create trigger append_only before update or delete or truncate on audit_events for each statement execute function refuse_change();
create trigger never_removed before delete or truncate on audit_head for each statement execute function refuse_change();

grant select, insert on audit_events to atlas_app;
grant select on audit_head to atlas_app;
