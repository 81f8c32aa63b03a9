-- compatible-from: 36
-- A card's profile that a person has just changed goes before those that a control set's distribution has written. A release of before, which
-- does not know the column, writes false.
alter table edge_outbox add column is_bulk boolean not null default false;

-- A version of a control set on its way to the set's cards, page by page, and how far it has come. The newest of a set is the one that counts.
create table control_set_distributions (
  control_set_id text not null references control_sets,
  -- 1, 2, 3 within the set.
  distribution_no integer not null check (distribution_no > 0),
  version integer not null,
  -- The version that most of its cards had when it began, which an undo gives back to them; null: all had this one.
  version_before integer,
  -- Cards at this version alone are moved, as by an undo; null: all that have another.
  only_version integer,
  -- Of the cards, chosen by a hash of the card and the set.
  percent numeric(5, 2) not null check (percent > 0 and percent <= 100),
  state text not null check (state in ('running', 'paused', 'done', 'undone', 'replaced')),
  -- Cards up to here were looked at since it last began.
  after_card_id text not null default '',
  cards_to_move bigint not null,
  cards_moved bigint not null default 0,
  cards_refused bigint not null default 0,
  -- The first hundred of those that cannot have it, with why.
  refused json not null default '[]',
  -- For the audit trail: who wanted it so.
  actor text not null,
  correlation_id text not null,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  primary key (control_set_id, distribution_no),
  foreign key (control_set_id, version) references control_set_versions
);
create index control_set_distributions_open on control_set_distributions (control_set_id) where state in ('running', 'paused');

-- The comparison of all cards with the edge: one process has it at a time, and whoever has it next goes on where it was.
create table sweep (
  is_one boolean primary key default true check (is_one),
  held_by text,
  held_until timestamptz,
  after_network text not null default '',
  after_card_token text not null default '',
  -- Of the pass in hand; null: none is.
  began_at timestamptz,
  -- Each card so far was compared, or is an open item.
  is_whole boolean not null default true,
  next_pass_at timestamptz not null default now()
);
insert into sweep default values;
