-- Attempts of the last hour, of a day. CONCURRENTLY, so that work goes on meanwhile.
-- Back: rollbacks/20261124060100_processing_attempts_finished_at_index.sql.
create index concurrently processing_attempts_finished_at_idx on public.processing_attempts (finished_at);
