-- Back from 20261124000120_processing_history_job_id_index_dropped.sql.
create index concurrently processing_history_job_id_idx on public.processing_history (document_id, job_id, id);
