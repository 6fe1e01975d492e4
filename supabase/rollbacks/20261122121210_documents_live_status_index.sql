-- Back from 20261122121210_documents_live_status_index.sql.
drop index concurrently public.documents_live_status_idx;
