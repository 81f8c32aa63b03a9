-- compatible-from: 36
-- online
-- How many items of a kind a day has, closed ones too (origin/intake/events-together.ts).
create index concurrently if not exists open_items_of_day on open_items (kind, opened_at);
