-- Back from 20261122121200_documents_live_created_at_index.sql.
drop index concurrently public.documents_live_created_at_idx;
