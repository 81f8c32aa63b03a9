-- Refunds of what no purchase had cleared: booked at once, and taken from their shop, and counted as a card's funds, only within bounds
-- (origin/settlement/unapproved.ts). The tables are those of 0029, for money that goes the other way.

-- What the authorizations that joined this one had posted: a refund of such a purchase is booked here, and its clearing there.
alter table authorizations add column joined_posted_minor bigint not null default 0;
grant update (joined_posted_minor) on authorizations to atlas_app;
with recursive into_one as (
  select joined_into as authorization_id, posted_minor, currency, 1 as steps from authorizations where joined_into is not null
  union all
  -- No authorization joins back; the bound is there so that this ends whatever is stored.
  select a.joined_into, i.posted_minor, i.currency, i.steps + 1
  from into_one i join authorizations a on a.authorization_id = i.authorization_id where a.joined_into is not null and i.steps < 100
)
update authorizations a set joined_posted_minor = s.posted_minor
from (select authorization_id, currency, sum(posted_minor) as posted_minor from into_one group by 1, 2) as s
where a.authorization_id = s.authorization_id and a.currency = s.currency and s.posted_minor <> 0;

-- The part of a refund that is beyond what its purchase had cleared. Intake writes it with the transfers; accrual judges it in the commit
-- that would take it from the shop. What passes is removed, what is withheld stays.
create table unmatched_refunds (
  stream_id bigint not null,
  sequence bigint not null,
  authorization_id text not null,
  -- Who was credited: the cardholder's account, or suspense.
  holder_no bigint not null references ledger_accounts,
  clearing_no bigint not null references ledger_accounts,
  amount_minor bigint not null check (amount_minor > 0),
  -- Less what cleared of the purchase since.
  left_minor bigint not null check (left_minor between 0 and amount_minor),
  state text not null default 'new' check (state in ('new', 'withheld', 'released', 'kept')),
  network_merchant_id text,
  reason text check (reason in ('no_account', 'card_made', 'card_sum', 'shop_sum', 'network_sum')),
  booked_at timestamptz not null default now(),
  primary key (stream_id, sequence),
  check (state = 'new' or (network_merchant_id is not null and reason is not null))
);
create index unmatched_refunds_new on unmatched_refunds (stream_id, sequence) where state = 'new';
create index unmatched_refunds_again on unmatched_refunds (stream_id, sequence) where reason = 'card_made';
-- What a clearing of the purchase takes from, and what a card's funds are less by.
create index unmatched_refunds_left on unmatched_refunds (stream_id, authorization_id) where state in ('withheld', 'kept') and left_minor > 0;
create index unmatched_refunds_of_holder on unmatched_refunds (holder_no) where state in ('new', 'withheld', 'kept') and left_minor > 0;
create index unmatched_refunds_withheld on unmatched_refunds (network_merchant_id, clearing_no) where state = 'withheld' and left_minor > 0;

create table withheld_refunds (
  network_merchant_id text not null,
  clearing_no bigint not null references ledger_accounts,
  left_minor bigint not null check (left_minor >= 0),
  refunds bigint not null,
  merchant_id text references merchants (merchant_id),
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  raised_minor bigint,
  primary key (network_merchant_id, clearing_no)
);
create index withheld_refunds_to_raise on withheld_refunds (last_at)
  where merchant_id is not null and left_minor is distinct from coalesce(raised_minor, 0);

create table unmatched_sums (
  clearing_no bigint not null references ledger_accounts,
  stream_id bigint not null,
  day date not null,
  passed_minor bigint not null,
  primary key (clearing_no, stream_id, day)
);
create index unmatched_sums_by_day on unmatched_sums (day);

-- Of each shop that a merchant has: one with many cards' tokens empties no shop in small parts.
create table unmatched_shop_sums (
  clearing_no bigint not null references ledger_accounts,
  network_merchant_id text not null,
  day date not null,
  passed_minor bigint not null,
  primary key (clearing_no, network_merchant_id, day)
);
create index unmatched_shop_sums_by_day on unmatched_shop_sums (day);

grant select, insert, update, delete on unmatched_refunds, withheld_refunds, unmatched_sums, unmatched_shop_sums to atlas_app;

-- A clearing that the card approved, with funds that only such a refund had given it.
alter table unapproved_clearings drop constraint unapproved_clearings_reason_check;
alter table unapproved_clearings add constraint unapproved_clearings_reason_check
  check (reason in ('no_account', 'card_made', 'beyond_funds', 'network_sum', 'on_refunds'));
-- What is withheld of one card's.
create index unapproved_clearings_of_card on unapproved_clearings (stream_id) where state in ('withheld', 'kept', 'released') and left_minor > 0;
