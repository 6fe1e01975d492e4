-- Back from 20261122121320_documents_uploaded_by_index_dropped.sql.
create index concurrently documents_uploaded_by_idx on public.documents (uploaded_by, created_at desc, id desc);
