-- queue/limited: whether any limit is set; claims then come one after the other, so that none is overdrawn
select exists (select from public.job_limits) as limited
