-- Back from 20261122121250_documents_deleted_at_index.sql.
drop index concurrently public.documents_deleted_at_idx;
