-- compatible-from: 36
-- online
-- For the sums of all: few cards withhold anything.
create index concurrently if not exists card_streams_that_withhold on card_streams (stream_id) where withheld_minor > 0;
