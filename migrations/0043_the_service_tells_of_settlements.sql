-- compatible-from: 36
-- What partners are told of a settlement's end is written by the service, from now on, in the transaction that ends it: its sessions say
-- so when they open. For sessions of a release before this one, and for whoever works by hand, the trigger goes on telling.
create or replace function tell_of_settlements() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if current_setting('atlas.tells_of_settlements', true) = 'service' then return null; end if;
  insert into webhook_messages (event_id, webhook_endpoint_id, merchant_id, event_type, subject, payload)
  select settlement_event_id(s), endpoint.webhook_endpoint_id, s.merchant_id, 'settlement.' || s.state, s.settlement_id,
    settlement_event(s)
  from now_is s join webhook_endpoints endpoint on endpoint.merchant_id = s.merchant_id
  where s.final_at is not null and endpoint.status = 'enabled'
    and (endpoint.event_types = '{}' or 'settlement.' || s.state = any (endpoint.event_types));
  return null;
end
$$;
