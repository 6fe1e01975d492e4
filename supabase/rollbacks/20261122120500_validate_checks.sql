-- Back from 20261122120500_validate_checks.sql: the checks hold for new rows only, as before it.
alter table public.documents drop constraint documents_legal_hold_text_check;
alter table public.documents add constraint documents_legal_hold_text_check
  check (char_length(legal_hold) between 1 and 1000) not valid;
alter table public.document_versions drop constraint document_versions_reason_check;
alter table public.document_versions add constraint document_versions_reason_check
  check (char_length(reason) between 1 and 1000) not valid;
alter table public.document_versions drop constraint document_versions_storage_path_length_check;
alter table public.document_versions add constraint document_versions_storage_path_length_check
  check (char_length(storage_path) between 1 and 1024) not valid;
