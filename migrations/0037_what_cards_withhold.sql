-- compatible-from: 36
-- What each card withholds of its refunds of no purchase (decision 25), as its newest booked event says it. Null: no event has said so
-- yet, and the card withholds nothing, or has withheld since before its events told it.
alter table card_streams add column withheld_minor bigint;
