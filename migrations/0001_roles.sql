-- Two roles. The owner (who runs migrations) creates and owns everything. The service works as `atlas_app`, which may only
-- do what a grant below names: it can insert into append-only tables and read them, and has no right to their triggers.
-- A role belongs to the whole server, not to this database, so it may exist already; no login, no password.
do $$
begin
  create role atlas_app nologin;
exception
  -- unique_violation: another database's migration created it in this very moment.
  when duplicate_object or unique_violation then null;
end
$$;

-- So that the owner's own login may `set role` to it. Postgres 16 and later give a role's creator the right to grant it, not the membership.
do $$
begin
  if not pg_has_role(current_user, 'atlas_app', 'set') then
    execute format('grant atlas_app to %I', current_user);
  end if;
end
$$;

grant usage on schema public to atlas_app;

create function refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
end
$$;
