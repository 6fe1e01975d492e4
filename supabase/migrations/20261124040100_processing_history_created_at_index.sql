-- The newest lines of everybody's history, for those who watch all jobs. A BRIN: lines come in the order of their time, and
-- it costs a line nothing. CONCURRENTLY, so that history is written meanwhile.
-- Back: rollbacks/20261124040100_processing_history_created_at_index.sql.
create index concurrently processing_history_created_at_idx on public.processing_history
  using brin (created_at) with (pages_per_range = 16, autosummarize = on);
