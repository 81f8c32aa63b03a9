-- compatible-from: 36
-- A proof that found something wrong is noted too, so that somebody is woken at once and not after a week without a good one.
alter table last_proofs
  -- When the last run began that found something wrong. A good one that began later ends it. Null: none yet.
  add column failed_at timestamptz;

-- By whoever proves, as note_proof.
create function note_failed_proof(of_kind text, began_at timestamptz) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$
  update last_proofs set failed_at = greatest(failed_at, least(began_at, clock_timestamp())) where kind = of_kind
$$;
revoke execute on function note_failed_proof(text, timestamptz) from public;
