-- job_limits/get: one limit
select kind, name, max_running from public.job_limits where kind = $1 and name = $2
