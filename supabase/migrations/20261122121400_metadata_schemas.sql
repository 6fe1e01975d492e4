-- What an owner's metadata must look like, in JSON Schema. The program applies it wherever it writes metadata; who writes
-- by the Data API or by SQL is not checked. A new table and function: locks nothing that exists.
-- Back: rollbacks/20261122121400_metadata_schemas.sql drops all schemas.

create table public.metadata_schemas (
  owner      text primary key default (auth.uid())::text,
  schema     jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now(),
  revision   bigint not null default 1,
  constraint metadata_schemas_owner_check check (char_length(owner) between 1 and 255),
  constraint metadata_schemas_schema_check
    check (jsonb_typeof(schema) = 'object' and octet_length(schema::text) <= 131072)
);
create trigger metadata_schemas_revision before update of schema on public.metadata_schemas
  for each row when (old.schema is distinct from new.schema) execute function colophon.next_revision();

alter table public.metadata_schemas enable row level security;
revoke all on public.metadata_schemas from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.metadata_schemas to service_role;
grant select, insert (owner, schema), update (schema), delete on public.metadata_schemas to authenticated;
create policy metadata_schemas_select on public.metadata_schemas for select to authenticated
  using (owner = (select auth.uid())::text);
create policy metadata_schemas_insert on public.metadata_schemas for insert to authenticated
  with check (owner = (select auth.uid())::text);
create policy metadata_schemas_update on public.metadata_schemas for update to authenticated
  using (owner = (select auth.uid())::text) with check (owner = (select auth.uid())::text);
create policy metadata_schemas_delete on public.metadata_schemas for delete to authenticated
  using (owner = (select auth.uid())::text);

-- The schema that holds for a document: its owner's, whoever edits it. Definer, since an editor may not read the owner's
-- row; the policy of documents is not applied here, so who may see the document is asked.
create function colophon.metadata_schema_of(document_id uuid) returns setof public.metadata_schemas
language sql stable security definer rows 1 set search_path = '' as $$
  select s.*
  from public.documents d join public.metadata_schemas s on s.owner = d.uploaded_by
  where d.id = metadata_schema_of.document_id
    and (coalesce(current_setting('role', true), '') = 'service_role' or d.uploaded_by = (select auth.uid())::text
      or (d.deleted_at is null and d.id in (select colophon.shared_documents('editor'))))
$$;
revoke all on function colophon.metadata_schema_of(uuid) from public;
grant execute on function colophon.metadata_schema_of(uuid) to authenticated, service_role;
