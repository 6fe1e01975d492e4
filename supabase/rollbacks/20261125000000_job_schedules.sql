-- Back from 20261125000000_job_schedules.sql: every schedule is lost; jobs that they made stay.
drop table public.job_schedules;
drop function colophon.change_job_schedule();
drop function colophon.count_job_schedules();
