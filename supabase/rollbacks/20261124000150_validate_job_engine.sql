-- Back from 20261124000150_validate_job_engine.sql: the rules hold for new rows only, as before it.
alter table public.processing_jobs drop constraint processing_jobs_units_check;
alter table public.processing_jobs add constraint processing_jobs_units_check check (
    (page_numbers is null or zone_ids is null) and cardinality(page_numbers) > 0 and cardinality(zone_ids) > 0
    and 0 < all (page_numbers)) not valid;
alter table public.processing_jobs drop constraint processing_jobs_timeout_seconds_check;
alter table public.processing_jobs add constraint processing_jobs_timeout_seconds_check check (timeout_seconds between 1 and 604800) not valid;
alter table public.processing_jobs drop constraint processing_jobs_job_key_check;
alter table public.processing_jobs add constraint processing_jobs_job_key_check check (char_length(job_key) between 1 and 200) not valid;
alter table public.processing_jobs drop constraint processing_jobs_depends_on_check;
alter table public.processing_jobs add constraint processing_jobs_depends_on_check check (cardinality(depends_on) between 1 and 100) not valid;
alter table public.processing_jobs drop constraint processing_jobs_error_class_check;
alter table public.processing_jobs add constraint processing_jobs_error_class_check check (error_class in ('transient', 'permanent', 'poison')) not valid;
alter table public.processing_job_pages drop constraint processing_job_pages_error_class_check;
alter table public.processing_job_pages add constraint processing_job_pages_error_class_check check (error_class in ('transient', 'permanent', 'poison')) not valid;
alter table public.processing_job_pages drop constraint processing_job_pages_stages_check;
alter table public.processing_job_pages add constraint processing_job_pages_stages_check check (jsonb_typeof(stages) = 'object') not valid;
