-- Back from 20261124060000_processing_statistics.sql: what was counted goes. Of jobs that were pruned nothing is left then.
drop function colophon.job_statistics(timestamptz, timestamptz, boolean, boolean, boolean);
drop function colophon.count_attempts(timestamptz, timestamptz, text);
drop function colophon.measured(jsonb, numeric);
drop function colophon.duration_bucket(bigint);
drop table colophon.processing_statistics_progress;
drop table colophon.processing_statistics;
