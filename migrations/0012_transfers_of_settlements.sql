-- A settlement's own transfers are listed for its merchant: those that the index of reservations leaves out, which are few.
create index ledger_transfers_moved_for_settlement on ledger_transfers (settlement_id)
  where settlement_id is not null and kind = 'direct';
