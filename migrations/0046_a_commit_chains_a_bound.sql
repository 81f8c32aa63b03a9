-- compatible-from: 38
-- Where nobody seals behind, a commit chains at most 500 rows, the oldest: its own wait where more are before them. All of a backlog in one commit
-- took longer than a call may once a minute's rows had gathered (a second for 20,000), was undone with it, and was begun anew by the next.
create or replace function seal_what_waits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Further ahead than it can be: the clock was set back.
  if exists (select from sealing where behind_until between clock_timestamp() and clock_timestamp() + interval '90 seconds') then
    return null;
  end if;
  if exists (select from waiting_for_seal where waiting_no = new.waiting_no) then perform seal_waiting(500, true); end if;
  return null;
end
$$;
