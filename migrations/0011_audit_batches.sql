-- The audit trail, sealed a statement at a time: the head is locked and written once for all events that come together, not once
-- for each. Within one transaction every write of a row leaves a version behind that the next one has to walk past, so a batch of
-- 128 transitions paid for it 128 times over. What a sealed event looks like has not changed.

drop trigger seal_audit_event on audit_events;
drop function seal_audit_event();
drop trigger audit_settlement_created on settlements;
drop trigger audit_settlement_transition on settlements;
drop function audit_settlement();
drop function audit_hash(audit_events);
drop function sealed_text(text[]);
-- From here on there is one way in: append_audit_events.
revoke insert on audit_events from atlas_app;

-- One value by its length in bytes: no two rows read the same. Null is told from the empty text.
create function sealed_part(part text) returns text
language sql immutable
as $$
  select case when part is null then '-,' else octet_length(part)::text || ':' || part || ',' end
$$;

-- `stable`, as extract is: marked immutable, it could not be inlined, and would cost a call per event.
create function audit_content(event audit_events) returns bytea
language sql stable
as $$
  select convert_to(
    sealed_part(event.audit_no::text) || sealed_part((extract(epoch from event.at) * 1000000)::bigint::text)
      || sealed_part(event.actor) || sealed_part(event.action) || sealed_part(event.subject) || sealed_part(event.merchant_id)
      || sealed_part(event.from_state) || sealed_part(event.to_state) || sealed_part(event.reason)
      || sealed_part(event.correlation_id),
    'utf8')
$$;

-- What somebody has to say of one event; its number, its instant and its seal are the database's.
create type audit_entry as (
  actor text, action text, subject text, merchant_id text, from_state text, to_state text, reason text, correlation_id text
);

-- Numbers and seals the entries in their order. The head stays locked until the transaction ends, so that the chain never
-- forks: call it last.
create function append_audit_events(entries audit_entry[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  head audit_head;
  now_at timestamptz;
  contents bytea[];
  links bytea[];
  count int := cardinality(entries);
begin
  if coalesce(count, 0) = 0 then return; end if;
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

-- After an insert all are new; after an update, those whose state is another. Both fire once a statement; by their name after
-- everything else that a change of settlements sets off, so that the head is locked for as short as can be.
create function audit_new_settlements() returns trigger
language plpgsql
as $$
begin
  perform append_audit_events(array_agg((changed_by, 'settlement.created', settlement_id, merchant_id, null, state, change_reason,
    correlation_id)::audit_entry order by settlement_no))
  from made;
  return null;
end
$$;
create trigger write_audit_of_new after insert on settlements
  referencing new table as made for each statement execute function audit_new_settlements();

-- No nested loop: its plan is kept from its first call, and transition tables have no index.
create function audit_settlement_transitions() returns trigger
language plpgsql set enable_nestloop = off
as $$
begin
  perform append_audit_events(array_agg((now_is.changed_by, 'settlement.transition', now_is.settlement_id, now_is.merchant_id,
    was.state, now_is.state, now_is.change_reason, now_is.correlation_id)::audit_entry order by now_is.settlement_no))
  from was join now_is on now_is.settlement_no = was.settlement_no
  where now_is.state <> was.state;
  return null;
end
$$;
create trigger write_audit_of_transitions after update on settlements
  referencing old table as was new table as now_is for each statement execute function audit_settlement_transitions();

-- Likewise once a statement. A final row is never changed again (settlement_may_change), so one that is final now has become so.
drop trigger tell_of_settlement on settlements;
drop function tell_of_settlement();
create function tell_of_settlements() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
  select settlement_event_id(s), endpoint.webhook_endpoint_id, s.merchant_id, 'settlement.' || s.state, s.settlement_id,
    settlement_event(s)
  from now_is s join webhook_endpoints endpoint on endpoint.merchant_id = s.merchant_id
  where s.final_at is not null and endpoint.status = 'enabled'
    and (endpoint.event_types = '{}' or 'settlement.' || s.state = any (endpoint.event_types));
  return null;
end
$$;
create trigger tell_of_settlements after update on settlements
  referencing new table as now_is for each statement execute function tell_of_settlements();

revoke execute on function append_audit_events(audit_entry[]) from public;
grant execute on function append_audit_events(audit_entry[]) to atlas_app;
