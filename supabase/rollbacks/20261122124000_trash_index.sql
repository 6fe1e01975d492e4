-- Back from 20261122124000_trash_index.sql.
drop index concurrently public.documents_deleted_at_idx;
