-- job_limits/set: what runs already goes on
insert into public.job_limits (kind, name, max_running)
values ($1, $2, $3)
on conflict (kind, name) do update set max_running = excluded.max_running
