-- job_limits/remove: as many as there are slots may run again
delete from public.job_limits where kind = $1 and name = $2
