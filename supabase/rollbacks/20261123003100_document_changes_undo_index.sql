-- Back from 20261123003100_document_changes_undo_index.sql.
drop index concurrently public.document_changes_undo_idx;
