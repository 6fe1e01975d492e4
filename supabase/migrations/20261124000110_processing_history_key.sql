-- The index of 20261124000100 becomes the primary key; an instant under ACCESS EXCLUSIVE.
-- Back: rollbacks/20261124000110_processing_history_key.sql builds the former key again, and locks the table meanwhile.
-- lint-ignore: ban-drop-constraint the key below holds the same rows apart: an id belongs to one job
alter table public.processing_history drop constraint processing_history_pkey;
alter table public.processing_history
  add constraint processing_history_pkey primary key using index processing_history_job_key;
