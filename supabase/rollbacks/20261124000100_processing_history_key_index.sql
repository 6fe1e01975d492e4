-- Back from 20261124000100_processing_history_key_index.sql. Not there where its successor went back already: that drops
-- the primary key which it had become.
drop index concurrently if exists public.processing_history_job_key;
