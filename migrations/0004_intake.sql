-- What cards tell us: their streams of numbered events, the authorizations read off them, and what nobody could read.

create table card_streams (
  stream_id bigint generated always as identity primary key,
  network text not null,
  card_token text not null,
  -- Every event up to here is booked.
  applied_sequence bigint not null default 0,
  -- The highest event that is stored. What lies between the two waits for what is missing.
  seen_sequence bigint not null default 0,
  -- A column of its own, so that the index below changes only when it does: most updates then touch no index at all.
  has_gap boolean not null generated always as (seen_sequence > applied_sequence) stored,
  created_at timestamptz not null default now(),
  unique (network, card_token),
  check (applied_sequence <= seen_sequence)
) with (fillfactor = 50);
create index card_streams_with_gap on card_streams (stream_id) where has_gap;

-- No foreign key to card_streams: the writer holds the stream's row lock, and a check per row costs more than the row.
create table card_events (
  stream_id bigint not null,
  sequence bigint not null check (sequence > 0),
  -- 'unreadable' keeps the place of an event that is among the dead letters, so that its card goes on.
  kind text not null check (kind in ('authorization', 'message', 'void', 'profile', 'unreadable')),
  event_id text,
  at_ms bigint,
  authorization_id text,
  -- json, not jsonb: kept to the letter, and never refused for a character that jsonb cannot hold.
  body json,
  received_at timestamptz not null default now(),
  primary key (stream_id, sequence),
  check ((kind = 'unreadable') = (body is null))
);
create index card_events_by_authorization on card_events (authorization_id) where authorization_id is not null;
create trigger append_only before update or delete or truncate on card_events for each statement execute function refuse_change();

-- A read model: written by intake in the transaction that books the events, and wholly derived from them.
create table authorizations (
  authorization_id text primary key,
  stream_id bigint not null,
  -- Where its transfers are booked: decided by its first event, so that a release meets the account its hold is on.
  ledger_account_no bigint not null,
  currency text not null,
  merchant json,
  status text not null check (status in ('approved', 'declined', 'held', 'posted', 'released')),
  -- Why its latest request was declined.
  reason text,
  requested_minor bigint not null,
  held_minor bigint not null check (held_minor >= 0),
  posted_minor bigint not null,
  opened_at_ms bigint not null,
  updated_at_ms bigint not null
) with (fillfactor = 80);
create index authorizations_by_stream on authorizations (stream_id, opened_at_ms desc, authorization_id desc);

create table dead_letters (
  dead_letter_no bigint generated always as identity primary key,
  source text not null,
  reason text not null,
  -- The whole message as JSON text: what no column type can refuse.
  message text not null,
  -- SHA-256 of source and message: a repeat is counted, not kept again.
  digest bytea not null unique,
  -- The place it has in its card's stream, where that is known.
  stream_id bigint,
  sequence bigint,
  times integer not null default 1,
  received_at timestamptz not null default now(),
  last_received_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolution text check (resolution in ('replayed', 'discarded')),
  check ((resolved_at is null) = (resolution is null))
);
create index dead_letters_open on dead_letters (dead_letter_no desc) where resolved_at is null;

grant select, insert on card_streams, card_events, authorizations, dead_letters to atlas_app;
grant update (applied_sequence, seen_sequence) on card_streams to atlas_app;
grant update (merchant, status, reason, requested_minor, held_minor, posted_minor, updated_at_ms) on authorizations to atlas_app;
grant update (times, last_received_at, resolved_at, resolution) on dead_letters to atlas_app;
