-- What partners hold: API keys, idempotency keys, and the webhooks that we send them.

create table api_keys (
  api_key_id text primary key,
  -- SHA-256 of a key of 256 random bits: a fast hash is enough for what cannot be guessed.
  key_hash bytea not null unique,
  -- The first characters, for people to tell keys apart.
  shown text not null,
  name text not null,
  -- Null: an operator's, for every merchant.
  merchant_id text references merchants (merchant_id),
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index api_keys_by_merchant on api_keys (merchant_id);

-- Inserted in the transaction of the effect that it stands for. `fingerprint`: SHA-256 of method, path and body.
create table idempotency_keys (
  -- SHA-256 of merchant, route and key: nothing of the caller's can be read from it.
  scope_hash bytea primary key,
  fingerprint bytea not null,
  status int not null,
  body bytea not null,
  headers jsonb not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index idempotency_keys_expired on idempotency_keys (expires_at);

create table webhook_endpoints (
  webhook_endpoint_id text primary key,
  merchant_id text not null references merchants (merchant_id),
  url text not null,
  description text not null default '',
  -- Event types; empty: all.
  event_types text[] not null default '{}',
  -- Signing secrets, the newest first; an older one until its time is over.
  secret text not null,
  previous_secret text,
  previous_secret_until timestamptz,
  status text not null default 'enabled' check (status in ('enabled', 'disabled')),
  disabled_reason text,
  failing_since timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index webhook_endpoints_by_merchant on webhook_endpoints (merchant_id);

-- An id as contracts/ids.ts makes them: 26 of 32 letters, from two random UUIDs; hashed, since six bits of each are fixed.
create function random_id(prefix text) returns text
language sql volatile
as $$
  select prefix || '_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + (get_byte(drawn, place) & 31), 1), '')
  from (select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as drawn) as once, generate_series(0, 25) as place
$$;

-- One event for one endpoint, written with what it tells of. Payload as it is signed, byte for byte.
create table webhook_messages (
  message_no bigint generated always as identity primary key,
  -- What partners call it: a number would tell how many others there are.
  webhook_message_id text not null unique default random_id('whm'),
  -- `webhook-id`: the same in every attempt and every endpoint that gets the event.
  event_id text not null,
  webhook_endpoint_id text not null references webhook_endpoints,
  merchant_id text not null,
  event_type text not null,
  subject text not null,
  payload text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
  attempts int not null default 0,
  -- While somebody delivers it: the end of the lease, so that a message whose process died is due again by itself.
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  unique (webhook_endpoint_id, event_id)
);
-- By endpoint first: what is due is taken a few from each endpoint, and the backlog of a dead one is never walked through.
create index webhook_messages_due on webhook_messages (webhook_endpoint_id, due_at) where state = 'pending';
create index webhook_messages_by_endpoint on webhook_messages (webhook_endpoint_id, message_no desc);

create table webhook_attempts (
  attempt_no bigint generated always as identity primary key,
  message_no bigint not null references webhook_messages,
  at timestamptz not null default clock_timestamp(),
  status int,
  error text,
  duration_ms int not null,
  -- What the endpoint said, as far as it is worth keeping.
  answer text not null default ''
);
create index webhook_attempts_by_message on webhook_attempts (message_no, attempt_no);
create trigger append_only before update or delete or truncate on webhook_attempts for each statement execute function refuse_change();

-- What partners are told of a final settlement: for the trigger, and for those who missed it and ask again.
create function settlement_event_id(final settlements) returns text
language sql immutable
as $$ select 'evt_' || substr(final.settlement_id, 5) $$;

create function settlement_event(final settlements) returns text
language sql stable
as $$
  select jsonb_build_object(
    'type', 'settlement.' || final.state,
    'timestamp', to_char(final.final_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'settlement_id', final.settlement_id, 'merchant_id', final.merchant_id, 'amount_minor', final.amount_minor,
      'currency', final.currency, 'reference', final.reference, 'state', final.state, 'failure_code', final.failure_code)
  )::text
$$;
-- Finds what an endpoint missed.
create index settlements_final on settlements (merchant_id, final_at) where final_at is not null;

-- Written with the final transition itself: a settlement is never final without its webhook being due.
create function tell_of_settlement() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
  select settlement_event_id(new), endpoint.webhook_endpoint_id, new.merchant_id, 'settlement.' || new.state, new.settlement_id,
    settlement_event(new)
  from webhook_endpoints endpoint
  where endpoint.merchant_id = new.merchant_id and endpoint.status = 'enabled'
    and (endpoint.event_types = '{}' or 'settlement.' || new.state = any (endpoint.event_types));
  return null;
end
$$;
create trigger tell_of_settlement after update on settlements for each row
  when (new.final_at is not null and old.final_at is null) execute function tell_of_settlement();

grant select, insert, update on api_keys, webhook_endpoints, webhook_messages to atlas_app;
grant select, insert, delete on idempotency_keys to atlas_app;
grant delete on webhook_endpoints to atlas_app;
grant select, insert on webhook_attempts to atlas_app;
