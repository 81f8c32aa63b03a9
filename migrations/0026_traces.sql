-- Which trace a settlement belongs to: the traceparent of whoever asked for it, so that what is sent to its provider minutes later, and told
-- to its partner, is found with it. Null: it was not traced. The check takes the new column's nulls as they are, so no row is read for it
-- (`not valid` leaves the rows that are there alone; each new one is checked).
alter table settlements add column trace_parent text;
alter table settlements add constraint settlements_trace_parent_check
  check (trace_parent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$') not valid;
