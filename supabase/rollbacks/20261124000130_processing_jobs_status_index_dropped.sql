-- Back from 20261124000130_processing_jobs_status_index_dropped.sql.
create index concurrently processing_jobs_status_idx on public.processing_jobs (status, created_at desc, id desc);
