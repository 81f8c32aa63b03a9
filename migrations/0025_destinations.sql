-- Where a merchant is paid to changes through one function, which writes the audit event itself, tells the merchant, and starts a
-- cooling time: until it is over, nothing is sent to the changed destination. Whoever writes as the service's role can neither write
-- the column, nor shorten the time, nor make a settlement that goes elsewhere. See docs/decisions/0020-a-changed-destination-waits.md.

-- How long a changed destination waits. Only the database's owner sets it: origin/db/migrate.ts, from DESTINATION_COOLING_HOURS.
create table destination_cooling (
  only_row boolean primary key default true check (only_row),
  hours int not null default 24 check (hours between 0 and 720)
);
insert into destination_cooling default values;
grant select on destination_cooling to atlas_app;

alter table merchants
  -- Null: none was ever set.
  add column destinations_set_at timestamptz,
  -- A changed destination is paid from then on. Null: at once.
  add column destinations_payable_from timestamptz;
update merchants set destinations_set_at = created_at where destinations <> '{}';

revoke insert, update on merchants from atlas_app;
grant insert (merchant_id, name, currency, network_merchant_ids, schedule_time, schedule_zone) on merchants to atlas_app;
grant update (network_merchant_ids, schedule_time, schedule_zone, ids_taken_up) on merchants to atlas_app;
create trigger never_removed before delete or truncate on merchants for each statement execute function refuse_change();

-- Says which destinations, and no account number. With the merchant's id, so that equal destinations of two merchants do not look equal.
create function destinations_digest(of_merchant text, destinations jsonb) returns text
language sql immutable
as $$
  select encode(sha256(convert_to(of_merchant || ' ' || destinations::text, 'utf8')), 'hex')
$$;

-- Returns whether anything changed; null: there is no such merchant. A merchant's first destination is paid at once if nothing
-- was ever owed to it: it is new. Locks the audit trail's head, so call it last.
create function change_destinations(of_merchant text, wanted jsonb, by_actor text, in_course_of text) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  merchant merchants;
  payable_from timestamptz;
begin
  if jsonb_typeof(wanted) is distinct from 'object' then
    raise exception 'destinations are an object' using errcode = 'check_violation';
  end if;
  select * into merchant from merchants where merchant_id = of_merchant for no key update;
  if not found then return null; end if;
  if merchant.destinations = wanted then return false; end if;
  if merchant.destinations_set_at is not null or exists (
    select from ledger_accounts a join ledger_balances b using (ledger_account_no)
    where a.merchant_id = of_merchant and a.kind = 'merchant_payable' and b.credits_posted > 0
  ) then
    select clock_timestamp() + make_interval(hours => hours) into payable_from from destination_cooling where hours > 0;
  end if;
  update merchants
    set destinations = wanted, destinations_set_at = clock_timestamp(), destinations_payable_from = payable_from
    where merchant_id = of_merchant;
  if merchant.destinations_set_at is not null or payable_from is not null then
    insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
    select told.event_id, e.webhook_endpoint_id, of_merchant, 'merchant.destination_changed', of_merchant, jsonb_build_object(
      'type', 'merchant.destination_changed',
      'timestamp', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', jsonb_build_object('merchant_id', of_merchant, 'payable_from',
        to_char(payable_from at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::text
    from (select random_id('evt') as event_id offset 0) as told, webhook_endpoints e
    where e.merchant_id = of_merchant and e.status = 'enabled'
      and (e.event_types = '{}' or 'merchant.destination_changed' = any (e.event_types));
  end if;
  perform append_audit_events(array[(by_actor, 'merchant.destination_changed', of_merchant, of_merchant, null, null,
    coalesce('paid from ' || to_char(payable_from at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'paid at once')
      || '; sha256 ' || destinations_digest(of_merchant, wanted), in_course_of)::audit_entry]);
  return true;
end
$$;
revoke execute on function change_destinations(text, jsonb, text, text) from public;
grant execute on function change_destinations(text, jsonb, text, text) to atlas_app;

-- What stands there now has no audit event that says it: said here, once, so that `npm run audit -- verify` can compare from now on.
select append_audit_events(array_agg(('migration', 'merchant.destination_changed', merchant_id, merchant_id, null, null,
  'as found; sha256 ' || destinations_digest(merchant_id, destinations), 'migration 0025')::audit_entry order by merchant_no))
from merchants where destinations <> '{}';

-- A settlement to a changed destination is kept, queued, and sent from then on. Null: at once.
alter table settlements add column payable_from timestamptz;

-- A settlement goes where its merchant is paid, and waits as long. Once a statement; the merchants are few, and found by their key.
create function settlement_goes_to_its_merchant() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if exists (
    select from made s join merchants m on m.merchant_id = s.merchant_id
    where s.destinations <> m.destinations
      or m.destinations_payable_from > clock_timestamp() and s.payable_from is distinct from m.destinations_payable_from
  ) then
    raise exception 'settlement: its destination is not that of its merchant' using errcode = 'check_violation';
  end if;
  return null;
end
$$;
create trigger goes_to_its_merchant after insert on settlements
  referencing new table as made for each statement execute function settlement_goes_to_its_merchant();

create or replace function settlement_may_change() returns trigger
language plpgsql
as $$
begin
  if old.state in ('completed', 'failed') then
    raise exception 'settlement % is final: it is never changed again', old.settlement_id using errcode = 'restrict_violation';
  end if;
  if (new.settlement_no, new.settlement_id, new.merchant_id, new.amount_minor, new.currency, new.destinations, new.reference, new.created_at,
      new.payable_from)
    is distinct from
    (old.settlement_no, old.settlement_id, old.merchant_id, old.amount_minor, old.currency, old.destinations, old.reference, old.created_at,
      old.payable_from) then
    raise exception 'settlement %: what it pays, to whom, and its names never change', old.settlement_id using errcode = 'restrict_violation';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (
    ('queued', 'processing'), ('queued', 'failed'),
    ('processing', 'completed'), ('processing', 'failed'), ('processing', 'retry_pending'),
    ('retry_pending', 'processing'), ('retry_pending', 'failed')
  ) then
    raise exception 'settlement %: % does not become %', old.settlement_id, old.state, new.state using errcode = 'restrict_violation';
  end if;
  if new.state = 'processing' and old.state <> 'processing' and old.payable_from > clock_timestamp() then
    raise exception 'settlement %: its destination was changed, and is paid from %', old.settlement_id, old.payable_from
      using errcode = 'restrict_violation';
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

-- A key without its audit event is a forged one from now on: those that stand here unaudited are recorded once.
select append_audit_events(array_agg(('migration', 'api_key.created', api_key_id, merchant_id, null, null,
  array_to_string(scopes, ' '), 'migration 0025')::audit_entry order by created_at))
from api_keys k
where not exists (select from audit_events e where e.subject = k.api_key_id and e.action = 'api_key.created');
select append_audit_events(array_agg(('migration', 'api_key.revoked', api_key_id, merchant_id, null, null, '',
  'migration 0025')::audit_entry order by created_at))
from api_keys k
where revoked_at is not null
  and not exists (select from audit_events e where e.subject = k.api_key_id and e.action = 'api_key.revoked');
