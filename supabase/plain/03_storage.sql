-- The tables that name buckets and objects on a Supabase project, as far as migrations may rely on them
-- (supabase/storage, after its migration 0062): a server without Supabase Storage keeps its objects elsewhere, and these stay without rows
-- but for the bucket. They are here so that one set of migrations, with its policies, is valid on both.
-- Run once in each database as a superuser, may be run again. Where a storage server has made the tables itself,
-- nothing is changed.
do $storage$
begin
  if to_regclass('storage.migrations') is not null then
    return;
  end if;

  create schema if not exists storage;
  grant usage on schema storage to postgres with grant option;
  grant usage on schema storage to anon, authenticated, service_role;

  create table if not exists storage.buckets (
    id                 text primary key,
    name               text not null,
    owner              uuid,
    created_at         timestamptz default now(),
    updated_at         timestamptz default now(),
    public             boolean default false,
    avif_autodetection boolean default false,
    file_size_limit    bigint,
    allowed_mime_types text[],
    owner_id           text,
    constraint buckets_name_key unique (name)
  );

  create table if not exists storage.objects (
    id               uuid primary key default gen_random_uuid(),
    bucket_id        text references storage.buckets (id),
    name             text,
    owner            uuid,
    created_at       timestamptz default now(),
    updated_at       timestamptz default now(),
    last_accessed_at timestamptz default now(),
    metadata         jsonb,
    path_tokens      text[] generated always as (string_to_array(name, '/')) stored,
    version          text,
    owner_id         text,
    user_metadata    jsonb,
    constraint objects_bucket_id_name_key unique (bucket_id, name)
  );

  -- Every role has the grants, so that the policies alone decide, as on a project.
  alter table storage.buckets enable row level security;
  alter table storage.objects enable row level security;
  grant all on storage.buckets, storage.objects to postgres with grant option;
  grant select, insert, update, delete on storage.buckets, storage.objects to anon, authenticated, service_role;

  -- 'a/b/c.pdf' lies in the folders {a,b}, is the file c.pdf, and its extension is pdf.
  create or replace function storage.foldername(name text) returns text[]
  language sql immutable parallel safe set search_path = '' as $$
    select (string_to_array(name, '/'))[1 : cardinality(string_to_array(name, '/')) - 1]
  $$;
  create or replace function storage.filename(name text) returns text
  language sql immutable parallel safe set search_path = '' as $$
    select (string_to_array(name, '/'))[cardinality(string_to_array(name, '/'))]
  $$;
  create or replace function storage.extension(name text) returns text
  language sql immutable parallel safe set search_path = '' as $$
    select reverse(split_part(reverse(storage.filename(name)), '.', 1))
  $$;

  -- A row deleted by SQL leaves its bytes behind for ever, so the platform refuses it, and so must this.
  create or replace function storage.protect_delete() returns trigger
  language plpgsql set search_path = '' as $$
  begin
    if coalesce(current_setting('storage.allow_delete_query', true), '') <> 'true' then
      raise exception 'Direct deletion from storage tables is not allowed. Use the Storage API instead.'
        using errcode = '42501';
    end if;
    return null;
  end
  $$;
  create or replace trigger protect_buckets_delete before delete on storage.buckets
    for each statement execute function storage.protect_delete();
  create or replace trigger protect_objects_delete before delete on storage.objects
    for each statement execute function storage.protect_delete();

  -- A scratch database of a hosted project is prepared by `postgres`, which may not give things to that owner.
  if exists (select from pg_catalog.pg_roles
             where rolname = 'supabase_storage_admin' and pg_has_role(current_user, oid, 'member')) then
    grant all on schema storage to supabase_storage_admin with grant option;
    alter table storage.buckets owner to supabase_storage_admin;
    alter table storage.objects owner to supabase_storage_admin;
    alter function storage.foldername(text) owner to supabase_storage_admin;
    alter function storage.filename(text) owner to supabase_storage_admin;
    alter function storage.extension(text) owner to supabase_storage_admin;
    alter function storage.protect_delete() owner to supabase_storage_admin;
  end if;
end
$storage$;
