-- Back from 20261124000110_processing_history_key.sql. Builds an index while the table is locked.
alter table public.processing_history drop constraint processing_history_pkey;
alter table public.processing_history add constraint processing_history_pkey primary key (document_id, id);
create unique index processing_history_job_key on public.processing_history (document_id, job_id, id);
