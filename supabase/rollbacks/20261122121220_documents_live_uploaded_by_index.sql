-- Back from 20261122121220_documents_live_uploaded_by_index.sql.
drop index concurrently public.documents_live_uploaded_by_idx;
