-- Controls that many cards share, in versions; and of each card, what its profiles were made from.

create table control_sets (
  control_set_id text primary key,
  name text not null,
  newest_version integer not null check (newest_version > 0),
  created_at timestamptz not null default now()
);

create table control_set_versions (
  control_set_id text not null references control_sets,
  version integer not null check (version > 0),
  -- json, not jsonb: kept as it was written, to the letter, with the words for categories.
  controls json not null,
  -- The same as cards get it: words resolved to codes, by the lists of the day on which it was written.
  resolved json not null,
  created_at timestamptz not null default now(),
  primary key (control_set_id, version)
);
create trigger append_only before update or delete or truncate on control_set_versions
  for each statement execute function refuse_change();

alter table cards
  -- The card's own controls as they were written. Its profile has them after those of its set, resolved.
  add column controls json not null default '[]',
  add column control_set_id text,
  add column control_set_version integer,
  add foreign key (control_set_id, control_set_version) references control_set_versions,
  add check ((control_set_id is null) = (control_set_version is null));
update cards set controls = profile -> 'controls' where profile -> 'controls' is not null;
create index cards_by_control_set on cards (control_set_id, card_id) where control_set_id is not null;

-- What each version of a card's profile was made from. The profile itself is among the card's events, once the edge has it.
create table card_profiles (
  card_id text not null references cards,
  version integer not null check (version > 0),
  controls json not null,
  control_set_id text,
  control_set_version integer,
  created_at timestamptz not null default now(),
  primary key (card_id, version),
  foreign key (control_set_id, control_set_version) references control_set_versions
);
insert into card_profiles (card_id, version, controls) select card_id, profile_version, controls from cards;
create trigger append_only before update or delete or truncate on card_profiles
  for each statement execute function refuse_change();

grant select, insert on control_sets, control_set_versions, card_profiles to atlas_app;
grant update (newest_version) on control_sets to atlas_app;
grant update (controls, control_set_id, control_set_version) on cards to atlas_app;
