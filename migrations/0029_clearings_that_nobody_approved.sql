-- Clearings that the card did not approve: booked at once, and owed to their shop only within bounds (origin/settlement/unapproved.ts).

-- How much of what is held the card itself approved. The rest the network said (an advice). Null: written by a release of before, which
-- counts as if the card had approved all of it.
alter table authorizations add column approved_minor bigint check (approved_minor >= 0);
grant update (approved_minor) on authorizations to atlas_app;

-- The part of a clearing that the card did not approve. Intake writes it with the transfers; accrual judges it in the commit that would
-- owe it. What passes is removed, what is withheld stays, as the evidence of why a shop was not paid.
create table unapproved_clearings (
  -- The card's event, as the transfers name it.
  stream_id bigint not null,
  sequence bigint not null,
  authorization_id text not null,
  -- Who was debited: the cardholder's account, or suspense.
  holder_no bigint not null references ledger_accounts,
  clearing_no bigint not null references ledger_accounts,
  amount_minor bigint not null check (amount_minor > 0),
  -- Less what was refunded of the purchase since.
  left_minor bigint not null check (left_minor between 0 and amount_minor),
  state text not null default 'new' check (state in ('new', 'withheld', 'released', 'kept')),
  -- Of a withheld one: its shop, empty where the network named none, and why. `card_made`: the card that nobody knew is there by now,
  -- and accrual judges it again.
  network_merchant_id text,
  reason text check (reason in ('no_account', 'card_made', 'beyond_funds', 'network_sum')),
  booked_at timestamptz not null default now(),
  primary key (stream_id, sequence),
  check (state = 'new' or (network_merchant_id is not null and reason is not null))
);
create index unapproved_clearings_new on unapproved_clearings (stream_id, sequence) where state = 'new';
create index unapproved_clearings_again on unapproved_clearings (stream_id, sequence) where reason = 'card_made';
-- What a refund of the purchase takes from.
create index unapproved_clearings_left on unapproved_clearings (authorization_id) where state in ('withheld', 'kept') and left_minor > 0;
create index unapproved_clearings_withheld on unapproved_clearings (network_merchant_id, clearing_no) where state = 'withheld' and left_minor > 0;

-- What is withheld, one row a shop and clearing account, so one a shop, network and currency: what its open item says.
create table withheld_clearings (
  network_merchant_id text not null,
  clearing_no bigint not null references ledger_accounts,
  left_minor bigint not null check (left_minor >= 0),
  clearings bigint not null,
  -- Who has the shop's id and is paid in this currency; null: nobody, so nobody could be paid it.
  merchant_id text references merchants (merchant_id),
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  -- What its open item says. Null: there is none.
  raised_minor bigint,
  primary key (network_merchant_id, clearing_no)
);
create index withheld_clearings_to_raise on withheld_clearings (last_at)
  where merchant_id is not null and left_minor is distinct from coalesce(raised_minor, 0);

-- What passed on a day by UTC: of each card (what its funds did not cover), and of each network (stream 0: all that no card approved).
create table unapproved_sums (
  clearing_no bigint not null references ledger_accounts,
  stream_id bigint not null,
  day date not null,
  passed_minor bigint not null,
  primary key (clearing_no, stream_id, day)
);
create index unapproved_sums_by_day on unapproved_sums (day);

grant select, insert, update, delete on unapproved_clearings, withheld_clearings, unapproved_sums to atlas_app;
