-- Cards of which money was booked to suspense, because nobody knew them then. Once a card is made here, its money in the card's
-- currency is moved to the card's account (origin/intake/suspense-loop.ts), and its row goes. Intake writes it in the transaction that books.

create table streams_in_suspense (
  stream_id bigint not null,
  currency text not null,
  since timestamptz not null default now(),
  primary key (stream_id, currency)
);
grant select, insert, delete on streams_in_suspense to atlas_app;

-- What is in suspense by now. Of each account by the index on its side of the transfer.
insert into streams_in_suspense (stream_id, currency, since)
select stream_id, currency, min(booked_at)
from (
  select t.stream_id, t.currency, t.booked_at
    from ledger_accounts s join ledger_transfers t on t.debit_account_no = s.ledger_account_no where s.kind = 'suspense'
  union all
  select t.stream_id, t.currency, t.booked_at
    from ledger_accounts s join ledger_transfers t on t.credit_account_no = s.ledger_account_no where s.kind = 'suspense'
) as booked
where stream_id is not null
group by stream_id, currency;
