-- The primary key is the same index now. Back: rollbacks/20261124000120_processing_history_job_id_index_dropped.sql.
drop index concurrently public.processing_history_job_id_idx;
