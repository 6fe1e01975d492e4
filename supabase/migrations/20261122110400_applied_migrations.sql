-- Which migrations are applied, for programs at their start: they look whether the schema is the one they know. The role
-- that they log in with has no rights of its own and may not read the history, which belongs to whoever migrates; so a
-- transaction of service_role asks this function, which tells the versions and nothing else.
-- Locks nothing that exists. Back: rollbacks/….

-- plpgsql, so that the history's table is looked for when it is called, and not when this is made.
create function colophon.applied_migrations() returns setof text
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select h.version from supabase_migrations.schema_migrations h order by h.version;
end
$$;
revoke all on function colophon.applied_migrations() from public, anon, authenticated;
grant execute on function colophon.applied_migrations() to service_role;
