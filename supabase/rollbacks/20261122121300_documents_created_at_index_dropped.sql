-- Back from 20261122121300_documents_created_at_index_dropped.sql.
create index concurrently documents_created_at_idx on public.documents (created_at desc, id desc);
