-- metadata_schemas/put: an owner's schema, whether there was one or not
insert into public.metadata_schemas (owner, schema)
values ($1, $2)
on conflict (owner) do update set schema = excluded.schema
returning owner, schema, created_at, updated_at, revision
