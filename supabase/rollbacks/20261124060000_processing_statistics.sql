-- Back from 20261124060000_processing_statistics.sql: what was counted goes. Of jobs that were pruned nothing is left then.
drop function colophon.job_statistics(timestamptz, timestamptz, boolean, boolean, boolean);
drop function colophon.count_attempts(timestamptz, timestamptz, text);
drop table colophon.processing_statistics_progress;
drop table colophon.processing_statistics;
