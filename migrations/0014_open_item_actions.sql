-- What people do with open items: which action is under way or was done, and who may.

alter table open_items
  -- Where it came in, as a queue's name; null where its kind says enough.
  add column source text,
  -- {name, input, actor, at} of the action that closed it or, while it is open, of one that is under way: an action with an effect
  -- outside of this database is written down before it begins, so that after a crash only the same one can be finished.
  add column action json;

-- A condition that is seen again (`reopens`) is told as it is now.
grant update (action, amount_minor, currency) on open_items to atlas_app;

create index open_items_of_card on open_items (card_key, open_item_no desc) where card_key is not null;
create index open_items_of_kind on open_items (kind, open_item_no desc);

-- Whoever could see to dead letters sees to open items: those letters are one kind of them.
update api_keys set scopes = scopes || array['open_items:read'] where 'dead_letters:read' = any(scopes);
update api_keys set scopes = scopes || array['open_items:write'] where 'dead_letters:write' = any(scopes);
