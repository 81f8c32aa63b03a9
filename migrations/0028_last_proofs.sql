-- When the books were last proved, so that somebody is told when nobody has looked for long. One row for each kind, that only moves
-- forward: a run that began earlier never takes the place of a later one.
create table last_proofs (
  -- audit: both hash chains against the checkpoints. ledger: each balance the sum of its transfers. cards: every card's log at the edge
  -- beside what is booked.
  kind text primary key check (kind in ('audit', 'ledger', 'cards')),
  -- Since when a proof is waited for: what the age is counted from until there is one.
  waited_since timestamptz not null default clock_timestamp(),
  -- What was there at that instant is proved: the beginning of the run, not its end. Null: never yet.
  proved_at timestamptz
);
insert into last_proofs (kind) values ('audit'), ('ledger'), ('cards');
grant select on last_proofs to atlas_app;
create trigger never_removed before delete or truncate on last_proofs for each statement execute function refuse_change();

-- By whoever proved it. `audit` and `ledger` are the owner's to say, since the service cannot vouch for its own books; grant this function to
-- a login that only reads, if one proves.
create function note_proof(of_kind text, began_at timestamptz) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$
  update last_proofs set proved_at = greatest(proved_at, least(began_at, clock_timestamp())) where kind = of_kind
$$;
revoke execute on function note_proof(text, timestamptz) from public;

create function note_cards_compared(began_at timestamptz) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$
  select note_proof('cards', began_at)
$$;
revoke execute on function note_cards_compared(timestamptz) from public;
grant execute on function note_cards_compared(timestamptz) to atlas_app;
