-- Attempts of an hour, of a day. They come in the order of time, so that a few bytes for each 32 pages tell which to read, and
-- the end of a job writes nothing for it: a B-tree would be one more entry for each attempt. Several ranges for each 32 pages,
-- since what is pruned leaves room that later attempts fill. CONCURRENTLY, so that work goes on meanwhile.
-- Back: rollbacks/20261124060100_processing_attempts_finished_at_index.sql.
create index concurrently processing_attempts_finished_at_idx on public.processing_attempts
  using brin (finished_at timestamptz_minmax_multi_ops) with (pages_per_range = 32, autosummarize = on);
