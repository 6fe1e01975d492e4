-- Back from 20261124020010_incomplete_jobs_filled.sql.
delete from colophon.incomplete_jobs;
