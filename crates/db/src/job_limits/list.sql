-- job_limits/list: every limit
select kind, name, max_running from public.job_limits order by kind, name
