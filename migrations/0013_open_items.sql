-- Open items: everything that needs a person, in one place. A row is raised by whatever found it (intake, a provider, a bank
-- file, a loop), once per kind and key; a person acts on it or dismisses it, with a reason that goes to the audit trail.

create table open_items (
  open_item_no bigint generated always as identity primary key,
  open_item_id text not null unique,
  -- As origin/open-items/kinds.ts lists them; no check here, so that a new kind is no migration.
  kind text not null,
  -- What makes two sightings the same item: a settlement and its contradiction, a file's name, the digest of a message.
  item_key text not null,
  status text not null default 'open' check (status in ('open', 'resolved', 'dismissed')),
  -- One sentence for people: what happened. Never card data.
  summary text not null,
  -- Null where no money is concerned. May be below zero where money is missing.
  amount_minor bigint,
  currency text,
  -- What it belongs to, as far as that is known.
  merchant_id text,
  settlement_id text,
  authorization_id text,
  -- `<network>:<card token>`.
  card_key text,
  provider text,
  -- All that was seen, masked. json, not jsonb: kept to the letter, and never refused for a character that jsonb cannot hold.
  evidence json not null,
  -- How often it was seen.
  times integer not null default 1,
  opened_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  closed_at timestamptz,
  -- The action that closed it (`book_return`, `dismiss`, …), or `gone` where what it said is no longer so.
  resolution text,
  -- What the action came to: ids of what it wrote.
  result json,
  unique (kind, item_key),
  check ((amount_minor is null) = (currency is null)),
  check ((status = 'open') = (closed_at is null)),
  check ((status = 'open') = (resolution is null))
);
create index open_items_open on open_items (open_item_no desc) where status = 'open';
create index open_items_open_by_kind on open_items (kind, opened_at) where status = 'open';
create index open_items_of_settlement on open_items (settlement_id) where settlement_id is not null;
create index open_items_of_authorization on open_items (authorization_id) where authorization_id is not null;
create index open_items_of_merchant on open_items (merchant_id, open_item_no desc) where merchant_id is not null;

create trigger never_removed before delete or truncate on open_items for each statement execute function refuse_change();

grant select, insert on open_items to atlas_app;
grant update (status, summary, evidence, times, last_seen_at, closed_at, resolution, result) on open_items to atlas_app;
