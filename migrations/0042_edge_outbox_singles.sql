-- compatible-from: 36
-- online
-- Of a million profiles that a distribution has written, the few that people have changed are found by this.
create index concurrently if not exists edge_outbox_singles on edge_outbox (next_attempt_at) where not is_bulk;
