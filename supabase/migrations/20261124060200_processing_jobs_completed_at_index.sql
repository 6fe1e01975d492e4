-- Jobs in the order in which they ended, for those who prune them. CONCURRENTLY, so that work goes on meanwhile.
-- Back: rollbacks/20261124060200_processing_jobs_completed_at_index.sql.
create index concurrently processing_jobs_completed_at_idx on public.processing_jobs (completed_at, id)
  where completed_at is not null;
