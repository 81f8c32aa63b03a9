-- A key ends within a year, and is never more than it was made as: whoever writes as the service's role can make one end sooner,
-- and cannot give it a scope, another secret, or its life back.
update api_keys
  set expires_at = least(coalesce(expires_at, 'infinity'), greatest(created_at, now()) + interval '365 days')
  where expires_at is null or expires_at > now() + interval '366 days';

create function bound_api_key() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    -- A release before this one makes keys without an end.
    new.expires_at := least(coalesce(new.expires_at, now() + interval '365 days'), now() + interval '366 days');
    return new;
  end if;
  if old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at then
    raise exception 'API key % was taken back, and stays so', old.api_key_id using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger bounded before insert or update on api_keys for each row execute function bound_api_key();
create trigger never_removed before delete or truncate on api_keys for each statement execute function refuse_change();

alter table api_keys alter column expires_at set not null;

revoke update on api_keys from atlas_app;
grant update (revoked_at, last_used_at) on api_keys to atlas_app;
