-- Back from 20261122120000_objects.sql: the ledger is dropped. Objects that were intended or released stay in the store
-- and nothing knows of them any more; sweep before. Where documents use objects of others, the old rule cannot hold for
-- their rows, and holds for new ones only.
drop trigger export_records_objects_released on public.export_records;
drop trigger export_records_objects_taken on public.export_records;
drop trigger document_versions_object_released on public.document_versions;
drop trigger document_versions_object_taken on public.document_versions;
drop function colophon.release_objects_of_export();
drop function colophon.take_objects_of_export();
drop function colophon.release_object_of_version();
drop function colophon.take_object_of_version();
drop function colophon.release_object(uuid, text);
drop function colophon.take_object(uuid, text, bigint, text);
drop table colophon.objects;
alter table public.document_versions drop constraint document_versions_storage_path_length_check;
alter table public.document_versions add constraint document_versions_storage_path_check
  check (split_part(storage_path, '/', 2) = document_id::text and char_length(storage_path) <= 1024) not valid;
do $$
begin
  if not exists (select from public.document_versions v where split_part(v.storage_path, '/', 2) <> v.document_id::text) then
    alter table public.document_versions validate constraint document_versions_storage_path_check;
  end if;
end
$$;
