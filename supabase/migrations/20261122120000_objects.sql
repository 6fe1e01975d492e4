-- What becomes of each object in the store, so that rows and files cannot drift apart unnoticed: intended before the
-- first byte is written, stored by the row that names it, released when that row is gone, deleted by the sweeper.
-- Fills the table from what is there; DROP CONSTRAINT and CREATE TRIGGER lock their tables for an instant.
-- Back: rollbacks/20261122120000_objects.sql forgets what is intended and released: sweep before.
--
-- A row says that one document uses one object. Two documents of an owner with the same file use the same object; it is
-- deleted once no row holds it. Rows outlive their document, so there is no foreign key.

create table colophon.objects (
  document_id     uuid not null,
  storage_path    text collate "C" not null,
  owner           text not null,
  state           text not null,
  file_size_bytes bigint,
  sha256          text,
  intended_until  timestamptz,
  created_at      timestamptz not null default now(),
  changed_at      timestamptz not null default now(),
  verified_at     timestamptz,
  primary key (document_id, storage_path),
  constraint objects_state_check check (state in ('intended', 'stored', 'released')),
  constraint objects_storage_path_check check (char_length(storage_path) between 1 and 1024),
  constraint objects_intended_until_check check ((state = 'intended') = (intended_until is not null)),
  constraint objects_stored_check check (state <> 'stored' or (file_size_bytes >= 0 and sha256 ~ '^[0-9a-f]{64}$'))
);
-- For fsck's walk beside the store's own list, and for the sweeper, which asks who else uses an object.
create index objects_storage_path_idx on colophon.objects (storage_path, state);
create index objects_intended_until_idx on colophon.objects (intended_until) where state = 'intended';
create index objects_changed_at_idx on colophon.objects (changed_at) where state = 'released';
create index objects_verified_at_idx on colophon.objects (verified_at nulls first, storage_path) where state = 'stored';

alter table colophon.objects enable row level security;
-- The platform's alone. It bypasses policies; this one says so to whoever looks for them.
create policy objects_service on colophon.objects for select to service_role using (true);
revoke all on colophon.objects from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.objects to service_role;

insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
select distinct on (v.document_id, v.storage_path)
       v.document_id, v.storage_path, coalesce(d.uploaded_by, ''), 'stored', v.file_size_bytes, v.sha256
from public.document_versions v join public.documents d on d.id = v.document_id
order by v.document_id, v.storage_path, v.version;
insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
select e.document_id, f.file ->> 'storage_path', coalesce(d.uploaded_by, ''), 'stored',
       (f.file ->> 'size_bytes')::bigint, f.file ->> 'sha256'
from public.export_records e
join public.documents d on d.id = e.document_id
cross join lateral jsonb_array_elements(
  case jsonb_typeof(e.file_paths) when 'array' then e.file_paths else '[]' end) as f (file)
where split_part(f.file ->> 'storage_path', '/', 2) = e.document_id::text
  and f.file ->> 'size_bytes' ~ '^[0-9]{1,18}$' and f.file ->> 'sha256' ~ '^[0-9a-f]{64}$'
on conflict do nothing;

-- Takes an object for a row of a document: what was intended is stored, in the transaction of the row that names it.
-- Definer, since nobody else may write the ledger. What the platform did not announce was written by a client of
-- Supabase Storage, into the folder of the document. An object of another document may be used where both have the same
-- owner and it is in use: the lock makes the sweeper wait for this transaction before it counts who uses the object.
create function colophon.take_object(
  document_id uuid, storage_path text, file_size_bytes bigint, sha256 text)
returns void
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  found_state text;
  owner constant text := coalesce((select d.uploaded_by from public.documents d where d.id = document_id), '');
begin
  select o.state into found_state from colophon.objects o
  where o.document_id = document_id and o.storage_path = storage_path for update;
  if found_state = 'stored' then
    return;
  elsif found_state = 'intended' then
    update colophon.objects o
    set state = 'stored', intended_until = null, owner = owner, file_size_bytes = file_size_bytes, sha256 = sha256,
        changed_at = now()
    where o.document_id = document_id and o.storage_path = storage_path;
    return;
  elsif found_state is null and split_part(storage_path, '/', 2) = document_id::text then
    insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
    values (document_id, storage_path, owner, 'stored', file_size_bytes, sha256);
    return;
  elsif split_part(storage_path, '/', 1) = owner then
    perform pg_advisory_xact_lock(hashtextextended(storage_path, 0));
    if exists (select from colophon.objects o where o.storage_path = storage_path and o.state = 'stored'
      and o.file_size_bytes = file_size_bytes and o.sha256 = sha256)
    then
      insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
      values (document_id, storage_path, owner, 'stored', file_size_bytes, sha256)
      on conflict on constraint objects_pkey do update
        set state = 'stored', owner = excluded.owner, file_size_bytes = excluded.file_size_bytes,
            sha256 = excluded.sha256, changed_at = excluded.changed_at;
      return;
    end if;
  end if;
  raise exception 'document % cannot use the object %: it is of another document, or was swept; send the file again',
    document_id, storage_path
    using errcode = 'check_violation', constraint = 'document_versions_storage_path_check';
end
$$;
revoke all on function colophon.take_object(uuid, text, bigint, text) from public;
grant execute on function colophon.take_object(uuid, text, bigint, text) to service_role;

-- What no row of the document names any more is released; the sweeper deletes it.
create function colophon.release_object(document_id uuid, storage_path text) returns void
language sql security definer set search_path = '' as $$
  update colophon.objects o set state = 'released', changed_at = now()
  where o.document_id = release_object.document_id and o.storage_path = release_object.storage_path
    and o.state = 'stored'
    and not exists (select from public.document_versions v
      where v.document_id = release_object.document_id and v.storage_path = release_object.storage_path)
$$;
revoke all on function colophon.release_object(uuid, text) from public;
grant execute on function colophon.release_object(uuid, text) to service_role;

create function colophon.take_object_of_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform colophon.take_object(new.document_id, new.storage_path, new.file_size_bytes, new.sha256);
  return null;
end
$$;
create function colophon.release_object_of_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform colophon.release_object(old.document_id, old.storage_path);
  return null;
end
$$;
revoke all on function colophon.take_object_of_version(), colophon.release_object_of_version() from public;
create trigger document_versions_object_taken after insert on public.document_versions
  for each row execute function colophon.take_object_of_version();
create trigger document_versions_object_released after delete on public.document_versions
  for each row execute function colophon.release_object_of_version();

-- Of an export only what has the form of our own files is ours to keep; other programs may write other forms.
create function colophon.take_objects_of_export() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform colophon.take_object(new.document_id, f.file ->> 'storage_path', (f.file ->> 'size_bytes')::bigint,
                               f.file ->> 'sha256')
  from jsonb_array_elements(new.file_paths) as f (file)
  where split_part(f.file ->> 'storage_path', '/', 2) = new.document_id::text
    and f.file ->> 'size_bytes' ~ '^[0-9]{1,18}$' and f.file ->> 'sha256' ~ '^[0-9a-f]{64}$';
  return null;
end
$$;
create function colophon.release_objects_of_export() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform colophon.release_object(old.document_id, f.file ->> 'storage_path')
  from jsonb_array_elements(old.file_paths) as f (file);
  return null;
end
$$;
revoke all on function colophon.take_objects_of_export(), colophon.release_objects_of_export() from public;
create trigger export_records_objects_taken after insert or update of file_paths on public.export_records
  for each row when (jsonb_typeof(new.file_paths) = 'array') execute function colophon.take_objects_of_export();
create trigger export_records_objects_released after delete on public.export_records
  for each row when (jsonb_typeof(old.file_paths) = 'array') execute function colophon.release_objects_of_export();

-- A version may use the object of another document of the same owner: take_object decides.
-- lint-ignore: ban-drop-constraint the trigger above holds a stricter rule
alter table public.document_versions drop constraint document_versions_storage_path_check;
alter table public.document_versions add constraint document_versions_storage_path_length_check
  check (char_length(storage_path) between 1 and 1024) not valid;
