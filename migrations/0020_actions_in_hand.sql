-- Who is doing an action whose effect is not in this database, and until when it is theirs alone. No transaction is open meanwhile:
-- a claim whose time is over is of a process that died, and a loop does the same action again.
alter table open_items
  add column claimed_by text,
  -- Also without `claimed_by`: the loop leaves it alone until then.
  add column claimed_until timestamptz;

grant update (claimed_by, claimed_until) on open_items to atlas_app;

-- What the loop looks for every few seconds: begun and not closed, a handful at most.
create index open_items_begun on open_items (claimed_until) where status = 'open' and action is not null;
