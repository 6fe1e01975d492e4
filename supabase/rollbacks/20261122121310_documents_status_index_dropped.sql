-- Back from 20261122121310_documents_status_index_dropped.sql.
create index concurrently documents_status_idx on public.documents (status, created_at desc, id desc);
