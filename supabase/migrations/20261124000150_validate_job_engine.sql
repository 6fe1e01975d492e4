-- The rules of 20261124000000 hold for what was there before, too. Rows are read, and written meanwhile (SHARE UPDATE
-- EXCLUSIVE). Back: rollbacks/20261124000150_validate_job_engine.sql has nothing to do.
alter table public.processing_jobs validate constraint processing_jobs_units_check;
alter table public.processing_jobs validate constraint processing_jobs_timeout_seconds_check;
alter table public.processing_jobs validate constraint processing_jobs_job_key_check;
alter table public.processing_jobs validate constraint processing_jobs_depends_on_check;
alter table public.processing_jobs validate constraint processing_jobs_error_class_check;
alter table public.processing_job_pages validate constraint processing_job_pages_error_class_check;
alter table public.processing_job_pages validate constraint processing_job_pages_stages_check;
