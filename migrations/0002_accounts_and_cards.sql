-- Accounts, their cards, and the outbox of card profiles that the edge does not have yet.

create table accounts (
  account_id text primary key,
  name text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default now()
);

create table cards (
  card_id text primary key,
  account_id text not null references accounts,
  network text not null,
  -- The network's own name of the card: never leaves towards partners.
  card_token text not null,
  -- json, not jsonb: kept as it was validated, to the letter.
  profile json not null,
  profile_version integer not null check (profile_version > 0),
  -- The newest version that the edge is known to have; 0: none.
  edge_version integer not null default 0 check (edge_version <= profile_version),
  created_at timestamptz not null default now(),
  unique (network, card_token)
);
create index cards_by_account on cards (account_id, card_id);

-- A row says: the edge lacks this card's newest profile. One row a card, so a newer version supersedes an older one by
-- replacing it, and what is pushed is read from `cards` at that moment. Deleted when the edge has the version.
create table edge_outbox (
  card_id text primary key references cards,
  version integer not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now()
);
create index edge_outbox_due on edge_outbox (next_attempt_at);

grant select, insert on accounts to atlas_app;
grant select, insert on cards to atlas_app;
grant update (profile, profile_version, edge_version) on cards to atlas_app;
grant select, insert, update, delete on edge_outbox to atlas_app;
