-- Back from 20261124020000_job_lists.sql.
drop function colophon.live_jobs(text, bigint);
drop trigger processing_jobs_inserted_incomplete on public.processing_jobs;
drop trigger processing_jobs_incomplete on public.processing_jobs;
drop function colophon.note_incomplete_job();
drop table colophon.incomplete_jobs;
