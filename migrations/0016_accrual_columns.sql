-- What accrual reads, in columns: no text of a message can stop it. And what has cleared at shops that no merchant of ours is
-- known for, kept until a merchant has the shop's id.

-- The acquirer's id of the shop, as intake read it out of the event. Null: the network named none, or an unreadable one.
alter table authorizations add column network_merchant_id text;
grant update (network_merchant_id) on authorizations to atlas_app;

-- Until now the id stood in `merchant` alone, which is JSON as it came. Postgres refuses to read into JSON that holds NUL or half
-- of a surrogate pair anywhere: a name cut in the middle of an emoji hides the id beside it. The id is then found by its own
-- characters: in our JSON a quote inside a text is always written \", so '"id":"' is never part of one.
create function pg_temp.merchant_id_of(merchant json) returns text
language plpgsql immutable
as $$
begin
  return merchant ->> 'id';
exception when others then
  return substring(merchant::text from '"id"\s*:\s*"([^"\\]+)"');
end
$$;
update authorizations set network_merchant_id = nullif(trim(pg_temp.merchant_id_of(merchant)), '') where merchant is not null;

-- One row a shop and clearing account, so one a shop, network and currency.
create table unassigned_clearings (
  -- Empty where the network named no shop.
  network_merchant_id text not null,
  clearing_no bigint not null references ledger_accounts,
  -- Cleared less refunded. It may be below zero, and zero again.
  net_minor bigint not null,
  -- Transfers that it is made of.
  clearings bigint not null,
  -- Some of those they belong to, the latest first: where a person begins to look.
  authorization_ids text[] not null,
  -- Not null: this merchant has the shop's id, and the ledger refused to book the amount to it.
  refused_merchant_id text references merchants (merchant_id),
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  -- What its open item says. Null: there is none.
  raised_minor bigint,
  primary key (network_merchant_id, clearing_no)
);
-- Those whose open item says an older amount, and those that have none.
create index unassigned_clearings_to_update on unassigned_clearings (last_at) where raised_minor is not null and net_minor <> raised_minor;
create index unassigned_clearings_to_raise on unassigned_clearings (last_at) where raised_minor is null and net_minor <> 0;

grant select, insert, update, delete on unassigned_clearings to atlas_app;

-- Whether what had cleared at its ids before it had them has been added to what it is owed. Set back with each new id.
alter table merchants add column ids_taken_up boolean not null default false;
create index merchants_to_take_up on merchants (merchant_id) where not ids_taken_up;

-- What accrual has passed over until now. Only shops without a merchant: for the others nobody can tell what was accrued already.
insert into unassigned_clearings (network_merchant_id, clearing_no, net_minor, clearings, authorization_ids, first_at, last_at)
select coalesce(a.network_merchant_id, ''), c.ledger_account_no,
  sum(case when t.credit_account_no = c.ledger_account_no then t.amount_minor else -t.amount_minor end), count(*),
  (array_agg(a.authorization_id order by t.transfer_no desc))[1:10], min(t.booked_at), max(t.booked_at)
from accrual_head h
join ledger_seals s on s.seal_no <= h.seal_no
cross join lateral unnest(s.transfer_nos) as sealed (nos)
join ledger_transfers t on t.transfer_no >= lower(sealed.nos) and t.transfer_no < upper(sealed.nos)
join authorizations a on a.authorization_id = t.authorization_id
join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no in (t.debit_account_no, t.credit_account_no)
where t.kind in ('post', 'direct')
  and not exists (select from merchants m where m.network_merchant_ids @> array[a.network_merchant_id] and m.currency = t.currency)
group by 1, 2;

-- Ids are compared without the spaces around them: networks pad theirs to fifteen characters.
update merchants set network_merchant_ids = array(select distinct trim(id) from unnest(network_merchant_ids) as id where trim(id) <> '')
where exists (select from unnest(network_merchant_ids) as id where id <> trim(id));
