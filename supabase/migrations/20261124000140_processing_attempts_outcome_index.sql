-- Jobs that did not end well, newest first; jobs that completed, nearly all, are none of it.
-- Back: rollbacks/20261124000140_processing_attempts_outcome_index.sql.
create index concurrently processing_attempts_outcome_idx on public.processing_attempts (outcome, finished_at desc)
  where outcome in ('failed', 'partially_completed', 'cancelled', 'lease_lost');
