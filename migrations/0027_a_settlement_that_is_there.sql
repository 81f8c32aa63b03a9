-- A transfer that names a settlement names one that is there: until now one from nowhere passed where it named a settlement that had never
-- been. Once a statement, as what else is looked at here; a foreign key would look once a row. The scalar subquery stays a look-up in the
-- index of settlements, whatever was planned while that table was empty. Events of cards are looked at by `npm run audit -- verify`
-- instead: intake writes thousands a second, and looking each of them up cost it a tenth of what writing its transfers does.
create function settlement_is_there() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  wrong record;
begin
  select t.transfer_id, t.settlement_id into wrong
    from booked t
    where t.settlement_id is not null
      and (select s.settlement_id from settlements s where s.settlement_id = t.settlement_id) is null
    limit 1;
  if found then
    raise exception 'transfer %: there is no settlement %', wrong.transfer_id, wrong.settlement_id
      using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
-- Before the balances are locked: triggers fire in the order of their names.
create trigger a_settlement_is_there after insert on ledger_transfers referencing new table as booked
  for each statement execute function settlement_is_there();
