-- Back from 20261124060200_processing_jobs_completed_at_index.sql.
drop index concurrently public.processing_jobs_completed_at_idx;
