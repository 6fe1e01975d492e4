-- Resumable uploads (tus 1.0): how far each has come, so that any process goes on where another was broken off. A new
-- table, so nothing waits. Back: rollbacks/20261122123000_uploads.sql forgets every upload that is under way.
--
-- upload_offset is what the client was told is safe: written and flushed before the row says so. It equals upload_length
-- in the transaction that stores the document's version, never before. The object stands in colophon.objects; rows
-- outlive documents, so there is no foreign key.

create table colophon.uploads (
  id              uuid primary key,
  owner           text not null,
  -- Of an upload that is open: the document that its object will belong to. Of a finished one: the document that came of it.
  document_id     uuid not null,
  storage_path    text collate "C" not null,
  upload_length   bigint not null,
  upload_offset   bigint not null default 0,
  -- As the client sent it, and what we read in it.
  upload_metadata text,
  details         jsonb not null,
  -- How the store goes on at upload_offset.
  resumption      jsonb,
  -- Raised by everyone who takes the upload to write, and never lowered: who names an old one changes nothing.
  lease_seq       bigint not null default 0,
  lease_holder    uuid,
  lease_until     timestamptz,
  version         integer,
  job_id          uuid,
  -- The problem that ended it, as the client was told.
  refusal         jsonb,
  expires_at      timestamptz not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  constraint uploads_owner_check check (char_length(owner) between 1 and 255),
  constraint uploads_upload_length_check check (upload_length > 0),
  constraint uploads_upload_offset_check check (upload_offset between 0 and upload_length),
  -- Open, finished or refused; and finished exactly when nothing is missing.
  constraint uploads_state_check check (num_nonnulls(resumption, version, refusal) = 1),
  constraint uploads_finished_check check ((version is not null) = (upload_offset = upload_length)),
  constraint uploads_lease_check check (lease_until is null or lease_holder is not null)
);
-- For the number of uploads that an owner has open.
create index uploads_owner_idx on colophon.uploads (owner) where resumption is not null;
create index uploads_expires_at_idx on colophon.uploads (expires_at);

-- No person has rights here, not even on their own rows: whoever could write one could name another's object as the one
-- to go on with. The service looks for (id, owner) together, with the owner of a verified token.
alter table colophon.uploads enable row level security;
-- The platform's alone. It bypasses policies; this one says so to whoever looks for them.
create policy uploads_service on colophon.uploads for select to service_role using (true);
revoke all on colophon.uploads from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.uploads to service_role;

-- Ends an upload in the transaction that stored its version, which is the person's own and under the policies. False
-- where the upload was taken over meanwhile: then nothing of that transaction may be kept.
create function colophon.finish_upload(
  upload_id uuid, lease_seq bigint, document_id uuid, version integer, job_id uuid)
returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update colophon.uploads u
  set upload_offset = u.upload_length, resumption = null, document_id = finish_upload.document_id,
      version = finish_upload.version, job_id = finish_upload.job_id, lease_until = null, updated_at = now()
  where u.id = upload_id and u.lease_seq = finish_upload.lease_seq and u.resumption is not null
    and (u.owner = (select auth.uid())::text or coalesce(current_setting('role', true), '') = 'service_role');
  return found;
end
$$;
revoke all on function colophon.finish_upload(uuid, bigint, uuid, integer, uuid) from public;
grant execute on function colophon.finish_upload(uuid, bigint, uuid, integer, uuid) to authenticated, service_role;
