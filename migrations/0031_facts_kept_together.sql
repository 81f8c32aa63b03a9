-- Facts of a network that share one open item, since there are more of them than anybody looks at one by one: each is kept whole, so that all
-- can be handed in again, and counted exactly, however often its message comes (origin/intake/facts-together.ts).

create table facts_kept_together (
  fact_no bigint generated always as identity primary key,
  -- Of the open item `facts_kept_together` that it belongs to.
  item_key text not null,
  fact_key text not null unique,
  network text not null,
  card_key text,
  -- The network's own id of the message, as far as it can be read.
  message_key text,
  -- Null where either cannot be read.
  amount_minor bigint,
  currency text,
  -- As the edge kept it, masked. json, not jsonb: to the letter.
  body json not null,
  received_at timestamptz not null,
  -- When the edge took it, handed in again by a person.
  taken_at timestamptz,
  check ((amount_minor is null) = (currency is null))
);
create index facts_kept_together_of_item on facts_kept_together (item_key, fact_no);
create index facts_kept_together_left on facts_kept_together (item_key, fact_no) where taken_at is null;
create trigger never_removed before delete or truncate on facts_kept_together for each statement execute function refuse_change();
grant select, insert on facts_kept_together to atlas_app;
grant update (taken_at) on facts_kept_together to atlas_app;

-- Their sums: what a flood sends is not added up anew for each of it. Numeric, since amounts beyond every bound are among them.
create table facts_together_sums (
  item_key text not null,
  currency text not null,
  facts bigint not null check (facts > 0),
  amount_minor numeric(40, 0) not null,
  primary key (item_key, currency)
);
grant select, insert, update on facts_together_sums to atlas_app;
