-- What the release before returns and open items left behind, and 0015 and 0016 did not yet see.

-- 1. Padded ids of shops. That release compared ids with the spaces around them, and 0016 compares without. So, in a database that
-- comes from it, 0016 got two things wrong, which are put right here before the first round of accrual:
--   merchant "MP  ", message "MP  ": it was owed 10.00 already, and 0016 lists them as unassigned, to be owed once more;
--   merchant "EP", message "EP   ": it was never owed them, and 0016 lists nothing, for a merchant has the id.
-- A merchant is taken up in the first second of the newer release: where one was, 0016 is long over, and nothing is touched.

create function pg_temp.raw_shop_id(merchant json) returns text
language plpgsql immutable
as $$
begin
  return merchant ->> 'id';
exception when others then
  return substring(merchant::text from '"id"\s*:\s*"([^"\\]+)"');
end
$$;

create temporary table padded on commit drop as
select a.network_merchant_id, c.ledger_account_no as clearing_no, m.merchant_id,
  sum(case when t.credit_account_no = c.ledger_account_no then t.amount_minor else -t.amount_minor end) as net_minor,
  count(*) as clearings, (array_agg(a.authorization_id order by t.transfer_no desc))[1:10] as authorization_ids,
  min(t.booked_at) as first_at, max(t.booked_at) as last_at,
  exists (
    select from unassigned_clearings u
    where u.network_merchant_id = a.network_merchant_id and u.clearing_no = c.ledger_account_no
  ) as is_listed
from accrual_head h
join ledger_seals s on s.seal_no <= h.seal_no
cross join lateral unnest(s.transfer_nos) as sealed (nos)
join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
join authorizations a on a.authorization_id = t.authorization_id
join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no in (t.debit_account_no, t.credit_account_no)
join merchants m on m.network_merchant_ids @> array[a.network_merchant_id] and m.currency = t.currency
where t.kind in ('post', 'direct')
  and pg_temp.raw_shop_id(a.merchant) <> trim(pg_temp.raw_shop_id(a.merchant))
  and not exists (select from merchants where ids_taken_up)
group by 1, 2, 3;

-- Listed although a merchant has the id: that merchant's own id was padded. Accrual has left its transfers to this merchant.
with accrued as (
  select p.* from padded p
  join ledger_accounts payable on payable.kind = 'merchant_payable' and payable.merchant_id = p.merchant_id
  where p.is_listed and exists (
    select from ledger_transfers t
    where t.debit_account_no = p.clearing_no and t.credit_account_no = payable.ledger_account_no and t.authorization_id is null)
)
update unassigned_clearings u set net_minor = u.net_minor - a.net_minor, clearings = u.clearings - a.clearings
from accrued a where u.network_merchant_id = a.network_merchant_id and u.clearing_no = a.clearing_no;
delete from unassigned_clearings where clearings = 0;

-- Not listed: the merchant's id is not padded, so that none of these was ever owed to it. The first round of accrual takes them up.
insert into unassigned_clearings (network_merchant_id, clearing_no, net_minor, clearings, authorization_ids, first_at, last_at)
select network_merchant_id, clearing_no, net_minor, clearings, authorization_ids, first_at, last_at from padded where not is_listed;

-- 2. What a provider said and that release only logged: "rejected" of what it had paid, "paid" of what had failed. It is judged again:
-- booked as a return, or an open item.
update provider_webhooks set processed_at = null, outcome = null
where outcome in ('contradicts', 'unknown_settlement')
  and received_at < (select applied_at from schema_migrations where version = 15);
