-- Cards that are known to be set back at the edge (docs/decisions/0023): null for all others. Set with the open item, gone when card and
-- books have the same again, whatever a person has made of the item meanwhile.
alter table card_streams add column set_back_since timestamptz;
create index card_streams_set_back on card_streams (set_back_since) where set_back_since is not null;
grant update (set_back_since) on card_streams to atlas_app;
update card_streams s set set_back_since = i.opened_at
from open_items i
where i.kind = 'card_behind_ledger' and i.status = 'open' and i.card_key = s.network || ':' || s.card_token;

-- What stands for a card's event that is not here and that nobody can bring, by a person's word (open item's action give_up_events): a
-- void of nothing under its number. Written before it is booked. Where the event came and could not be read, its place in card_events and its
-- text among the dead letters stay, and only a rebuild reads what stands here.
create table events_given_up (
  stream_id bigint not null,
  sequence bigint not null check (sequence > 0),
  open_item_id text not null,
  body json not null,
  given_up_at timestamptz not null default now(),
  primary key (stream_id, sequence)
);
create index events_given_up_by_item on events_given_up (open_item_id);
grant select, insert on events_given_up to atlas_app;
create trigger append_only before update or delete or truncate on events_given_up for each statement execute function refuse_change();
