-- A line of history is looked for by its job, never by its id alone: one index where there were two, for the table that
-- grows with every job. CONCURRENTLY, so that history is written meanwhile.
-- Back: rollbacks/20261124000100_processing_history_key_index.sql.
create unique index concurrently processing_history_job_key on public.processing_history (document_id, job_id, id);
