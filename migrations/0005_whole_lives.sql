-- What cards have learned to tell: a hold that lapsed, and two authorizations that turned out to be one.

alter table card_events drop constraint card_events_kind_check;
alter table card_events add constraint card_events_kind_check
  check (kind in ('authorization', 'message', 'void', 'expiry', 'profile', 'unreadable'));
-- A decision names the profile that was in force by its version: it is looked up here.
create index card_events_of_profiles on card_events (stream_id, sequence) where kind = 'profile';

-- The authorization that this one went into: what comes later is booked there.
alter table authorizations add column joined_into text;
create index authorizations_by_joined_into on authorizations (joined_into) where joined_into is not null;
-- Currency and account: those of a declined request are only its request's, until money moves.
grant update (joined_into, currency, ledger_account_no) on authorizations to atlas_app;

-- An event that joins two authorizations may give back holds of both, so the authorization belongs to the key.
drop index ledger_transfers_by_event;
create unique index ledger_transfers_by_event on ledger_transfers (stream_id, sequence, kind, debit_account_no, authorization_id)
  nulls not distinct where stream_id is not null;
