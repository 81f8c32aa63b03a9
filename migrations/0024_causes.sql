-- Money moves for a reason, and where it is paid to is said once: whoever writes as the service's role cannot change either.

-- A direct transfer belongs to an event of a card or to a settlement. Without one it is a funding of an account, which the audit
-- trail has by its id (npm run audit -- verify looks), or what is owed to a merchant for clearings.
create function direct_has_a_cause() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  wrong record;
begin
  select t.transfer_id, d.kind as debit, c.kind as credit into wrong
    from booked t
    join ledger_accounts d on d.ledger_account_no = t.debit_account_no
    join ledger_accounts c on c.ledger_account_no = t.credit_account_no
    where t.kind = 'direct' and t.event_id is null and t.settlement_id is null
      and (d.kind, c.kind) not in (('funding_source', 'cardholder'), ('network_clearing', 'merchant_payable'), ('merchant_payable', 'network_clearing'))
    limit 1;
  if found then
    raise exception 'transfer %: from % to % without an event or a settlement', wrong.transfer_id, wrong.debit, wrong.credit
      using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger direct_has_a_cause after insert on ledger_transfers referencing new table as booked
  for each statement execute function direct_has_a_cause();

-- A merchant's name, currency and destinations are given when it is made.
revoke update on merchants from atlas_app;
grant update (network_merchant_ids, ids_taken_up, schedule_time, schedule_zone) on merchants to atlas_app;
