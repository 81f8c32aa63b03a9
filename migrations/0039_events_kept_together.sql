-- compatible-from: 36
-- Booked events of cards that share one open item, since there are more of them than anybody looks at one by one: each is kept whole, and
-- counted exactly (origin/intake/events-together.ts).

create table events_kept_together (
  event_no bigint generated always as identity primary key,
  -- Of the open item `events_kept_together` that it belongs to.
  item_key text not null,
  -- Of the open item that it would have been alone.
  kind text not null,
  event_id text not null,
  card_key text not null,
  authorization_id text,
  -- The shop's id, where the message names one.
  network_merchant_id text,
  -- Null where the message names none.
  amount_minor bigint,
  currency text,
  -- What the card is in; null: nobody knows the card.
  card_currency text,
  -- As an item of its own would have it, masked. json, not jsonb: to the letter.
  body json not null,
  raised_at timestamptz not null default now(),
  -- When it was booked by a person's word, and as what.
  done_at timestamptz,
  result json,
  unique (kind, event_id),
  check ((amount_minor is null) = (currency is null))
);
create index events_kept_together_left on events_kept_together (item_key, event_no) where done_at is null;
create trigger never_removed before delete or truncate on events_kept_together for each statement execute function refuse_change();

-- Their sums: what a flood sends is not added up anew for each of it. Empty texts: no currency is named or known.
create table events_together_sums (
  item_key text not null,
  currency text not null,
  card_currency text not null,
  events bigint not null check (events > 0),
  amount_minor numeric(40, 0) not null,
  -- Of those that nobody has seen to.
  left_events bigint not null check (left_events between 0 and events),
  left_minor numeric(40, 0) not null,
  primary key (item_key, currency, card_currency)
);

-- In the order in which they were met, which is the order of commits, since accrual meets them under one lock: a day's item says up to which
-- one a person has seen it (origin/settlement/many-shops.ts).
alter table unassigned_clearings add column shop_no bigint generated always as identity;
