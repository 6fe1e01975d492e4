-- What documents are filtered and sorted by: a row for each tag and for each plain value of the metadata, so that an
-- index stands behind every filter, whatever the keys. A new table; the triggers lock documents for an instant
-- (SHARE ROW EXCLUSIVE). Back: rollbacks/20261122121100_document_fields.sql drops it; nothing is lost, it is derived.
--
-- Documents in the trash have no rows here, so that pages stay as flat as if they were gone.

-- uploaded_by and created_at are the document's, so that one index serves owner, filter and order together.
create table colophon.document_fields (
  document_id uuid not null references public.documents (id) on delete cascade,
  field       text collate "C" not null,
  value       text collate "C" not null,
  uploaded_by text,
  created_at  timestamptz not null,
  primary key (document_id, field, value)
);
create index document_fields_uploaded_by_idx on colophon.document_fields
  (uploaded_by, field, value, created_at, document_id);
create index document_fields_value_idx on colophon.document_fields (field, value, created_at, document_id);
-- Owner, field and value depend on each other; without this the planner believes in far too few rows.
create statistics colophon.document_fields_stats (dependencies, mcv) on uploaded_by, field, value
  from colophon.document_fields;

-- A plain value as text that sorts by its bytes: numbers first and by size, then text and truth values. Text, since the
-- operators of jsonb and numeric are not leakproof, so under row-level security no index would serve them. A text that is
-- a number in its shortest form is the number: people ask for year=2020 and mean both. Null if longer than 200 characters.
create function colophon.field_value(plain text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  digits text;
begin
  if char_length(plain) > 200 then
    return null;
  end if;
  if plain !~ '^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$' then
    return '=' || plain;
  end if;
  -- The bits of a float sort as the numbers do once the sign is turned, and all of them where it is negative. The number
  -- itself, behind it, tells apart what a float cannot.
  digits := encode(float8send(plain::double precision), 'hex');
  digits := case when digits < '8' collate "C"
    then translate(left(digits, 1), '01234567', '89abcdef') || substr(digits, 2)
    else translate(digits, '0123456789abcdef', 'fedcba9876543210') end;
  return '#' || digits || ' ' || plain;
end
$$;
revoke all on function colophon.field_value(text) from public;
grant execute on function colophon.field_value(text) to authenticated, service_role;

-- The same of a value of JSON; null for what is no plain value.
create function colophon.field_value(value jsonb) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return case jsonb_typeof(value)
    when 'number' then colophon.field_value(trim_scale((value #>> '{}')::numeric)::text)
    when 'string' then colophon.field_value(value #>> '{}')
    when 'boolean' then colophon.field_value(value #>> '{}')
  end;
end
$$;
revoke all on function colophon.field_value(jsonb) from public;
grant execute on function colophon.field_value(jsonb) to authenticated, service_role;

-- The rows of one document. Keys of more than 100 characters are left out, and all but the first 200 keys.
create function colophon.fields_of(tags text[], metadata jsonb) returns table (field text, value text)
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return query
    select 'tags', colophon.field_value(t.tag) from unnest(tags) t (tag)
    union all
    (select 'metadata.' || e.key, colophon.field_value(e.value)
     from jsonb_each(metadata) e (key, value)
     where char_length(e.key) <= 100 and colophon.field_value(e.value) is not null
     limit 200);
end
$$;
revoke all on function colophon.fields_of(text[], jsonb) from public;
grant execute on function colophon.fields_of(text[], jsonb) to authenticated, service_role;

-- Keeps the rows of one document, whoever writes it. Definer, since nobody writes them himself.
create function colophon.index_document_fields() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.deleted_at is not null then
    delete from colophon.document_fields f where f.document_id = new.id;
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into colophon.document_fields (document_id, field, value, uploaded_by, created_at)
    select new.id, w.field, w.value, new.uploaded_by, new.created_at
    from colophon.fields_of(new.tags, new.metadata) w;
    return null;
  end if;
  with wanted as materialized (
    select w.field, w.value from colophon.fields_of(new.tags, new.metadata) w
  ), gone as (
    delete from colophon.document_fields f
    where f.document_id = new.id
      and not exists (select from wanted w where w.field = f.field collate "C" and w.value = f.value collate "C")
  )
  insert into colophon.document_fields as f (document_id, field, value, uploaded_by, created_at)
  select new.id, w.field, w.value, new.uploaded_by, new.created_at from wanted w
  on conflict (document_id, field, value) do update
    set uploaded_by = excluded.uploaded_by, created_at = excluded.created_at
    where (f.uploaded_by, f.created_at) is distinct from (excluded.uploaded_by, excluded.created_at);
  return null;
end
$$;
revoke all on function colophon.index_document_fields() from public;
create trigger documents_fields_inserted after insert on public.documents
  for each row when (new.tags <> '{}' or new.metadata <> '{}')
  execute function colophon.index_document_fields();
create trigger documents_fields_updated
  after update of tags, metadata, deleted_at, uploaded_by, created_at on public.documents
  for each row
  when ((old.tags, old.metadata, old.deleted_at, old.uploaded_by, old.created_at)
    is distinct from (new.tags, new.metadata, new.deleted_at, new.uploaded_by, new.created_at))
  execute function colophon.index_document_fields();

alter table colophon.document_fields enable row level security;
revoke all on colophon.document_fields from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.document_fields to service_role;
grant select on colophon.document_fields to authenticated;
create policy document_fields_select on colophon.document_fields for select to authenticated
  using (uploaded_by = (select auth.uid())::text or document_id in (select colophon.shared_documents('viewer')));
