-- Who read what, and who was refused, counted by the day; and the periods after which rows are removed. The database itself holds the
-- periods: the service's role can remove what is old enough, and nothing younger.

-- One random salt a day, without which an address cannot be told from its hash. Removed when its day is sealed.
create table address_salts (
  day date primary key,
  salt bytea not null
);
grant select, insert, delete on address_salts to atlas_app;
-- `for share` needs the right to update something.
grant update (salt) on address_salts to atlas_app;

-- Example: key akey_1 read GET /cards/:card_id 312 times from one address on 2026-11-27: one row.
create table access_counts (
  day date not null,
  -- Empty: nobody's, of a key that is missing or wrong.
  api_key_id text not null,
  -- Method and pattern, as `GET /cards/:card_id`; `unmatched` where there is no such route.
  route text not null,
  -- `read`, or the error_code of the refusal.
  outcome text not null,
  -- Of the address with the day's salt; `others` beyond the bound of addresses that are told apart.
  address_hash text not null,
  calls bigint not null check (calls > 0),
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- Of the newest of them: leads to the log.
  last_request_id text not null,
  primary key (day, api_key_id, route, outcome, address_hash)
);
grant select, insert, delete on access_counts to atlas_app;
grant update (calls, last_at, last_request_id) on access_counts to atlas_app;

create function only_more_calls() returns trigger language plpgsql as $$
begin
  if new.calls <= old.calls or new.last_at < old.last_at then
    raise exception 'access_counts only grow' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger only_more before update on access_counts for each row execute function only_more_calls();
create trigger never_emptied before truncate on access_counts for each statement execute function refuse_change();

-- Refuses to remove a row younger than the period. Arguments: the column that holds its age, and the period.
create function refuse_young() returns trigger language plpgsql as $$
declare
  since timestamptz := (to_jsonb(old) ->> tg_argv[0])::timestamptz;
begin
  if since is null or since > now() - tg_argv[1]::interval then
    raise exception '% keeps its rows for %: this one is younger', tg_table_name, tg_argv[1] using errcode = 'restrict_violation';
  end if;
  return old;
end $$;
create trigger kept_for_its_period before delete on access_counts
  for each row execute function refuse_young('day', '400 days');

-- What partners were sent, and what they answered.
drop trigger append_only on webhook_attempts;
create trigger append_only before update or truncate on webhook_attempts for each statement execute function refuse_change();
create trigger kept_for_its_period before delete on webhook_attempts
  for each row execute function refuse_young('at', '400 days');
create trigger never_emptied before truncate on webhook_messages for each statement execute function refuse_change();
create trigger kept_for_its_period before delete on webhook_messages
  for each row execute function refuse_young('created_at', '400 days');
grant delete on webhook_attempts, webhook_messages to atlas_app;
-- Finds those that are over without walking through the others.
create index webhook_messages_by_age on webhook_messages (created_at) where state <> 'pending';

-- A provider's own text is emptied after its period; the row stays, so that a repeat of it does nothing.
create function keep_provider_text() returns trigger language plpgsql as $$
begin
  if new.body <> '' or old.processed_at is null or old.received_at > now() - interval '550 days' then
    raise exception 'what provider % said in % is not to be changed', old.provider, old.webhook_id
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger kept_for_its_period before update of body on provider_webhooks
  for each row when (new.body is distinct from old.body) execute function keep_provider_text();
create index provider_webhooks_with_text on provider_webhooks (received_at) where body <> '' and processed_at is not null;
