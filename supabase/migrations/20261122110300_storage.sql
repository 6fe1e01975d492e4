-- Where the files lie on a Supabase project: a private bucket, and who may read and write objects in it. A server
-- without Supabase Storage has the same tables without a storage server behind them (supabase/plain/03_storage.sql).
-- Writes one row; CREATE POLICY takes ACCESS EXCLUSIVE on storage.objects for an instant. Back: rollbacks/….

-- A bucket of this name that was there before is made private, and takes what Colophon writes: PDFs and JSON exports,
-- up to the program's own limit of 5 GiB (a project's global limit may be lower, and then counts).
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('documents', 'documents', false, 5368709120, array['application/pdf', 'application/json'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

-- Keys are <owner>/<document>/…, so a person's first folder is his id. There is no UPDATE, since objects are never
-- overwritten: a version's checksum stays true. There is no DELETE, since rows and files must not drift apart: the row
-- goes first, and the platform's sweeper (service_role) takes the object after it. With whom a document is shared
-- reads its file by a signed URL of the API.
create policy colophon_objects_owner_select on storage.objects for select to authenticated
  using (bucket_id = 'documents' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy colophon_objects_owner_insert on storage.objects for insert to authenticated
  with check (bucket_id = 'documents' and (storage.foldername(name))[1] = (select auth.uid())::text);
