-- While a status is indexed, each change of it writes every index of the table anew (no HOT): 45 % of what a claim and a
-- finish cost. Live jobs are found in job_queue, those that did not end well in colophon.incomplete_jobs (20261124020000).
-- Back: rollbacks/20261124000130_processing_jobs_status_index_dropped.sql.
drop index concurrently public.processing_jobs_status_idx;
