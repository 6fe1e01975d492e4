-- The checks of 20261122120000 to 20261122120300 hold for what was there before, too. Rows are read, and written meanwhile
-- (SHARE UPDATE EXCLUSIVE). Back: rollbacks/20261122120500_validate_checks.sql has nothing to do.
alter table public.document_versions validate constraint document_versions_storage_path_length_check;
alter table public.document_versions validate constraint document_versions_reason_check;
alter table public.documents validate constraint documents_legal_hold_text_check;
