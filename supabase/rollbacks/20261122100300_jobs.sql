-- Way back of 20261122100300_jobs.sql. Every job, its attempts and its history go; live work is forgotten.
drop table public.job_queue;
drop table public.processing_attempts;
drop table public.processing_history;
drop table public.processing_job_pages;
drop table public.processing_jobs;
drop function colophon.queue_document();
drop function colophon.record_job_transition();
drop function colophon.fill_document_of_job();
drop function colophon.check_job_transition();
drop function colophon.job_transitions();
