-- A refund of no purchase that its card withholds too (docs/decisions/0025): a person who releases it here releases it there.

-- The card says that it withholds more since this refund: so no bound here lets it pass, and a person is asked.
alter table unmatched_refunds add column card_withholds boolean not null default false;
-- The open item that a person has released it by, and when.
alter table unmatched_refunds add column released_by text;
alter table unmatched_refunds add column released_at timestamptz;
-- When its card is told so next; null: there is nothing to tell, or the card has it.
alter table unmatched_refunds add column tell_at timestamptz;
create index unmatched_refunds_to_tell on unmatched_refunds (tell_at) where tell_at is not null;
