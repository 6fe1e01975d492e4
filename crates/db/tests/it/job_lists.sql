-- :documents documents, every fifth of one owner, three of another; :jobs jobs, of which some hundred of each status but
-- 'completed', spread over all times; the live ones are in the queue
set session_replication_role = replica;
insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by, status, created_at)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'a.pdf', 'a.pdf', 1,
       case when n % 5 = 1 then '00000000-0000-7000-8000-00000000000a'
            when n <= 4 then '00000000-0000-7000-8000-00000000000b' else 'owner ' || n % 1000 end,
       'processed', now() - n * interval '1 minute'
from generate_series(1, :documents) n;
insert into public.document_shares (document_id, role, user_id, created_by)
values ('00000000-0000-7000-8000-000000000005', 'editor', '00000000-0000-7000-8000-00000000000c', 'x');
insert into public.processing_jobs (document_id, id, strategy, status, created_at, completed_at)
select ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n % :documents), 12, '0'))::uuid, gen_random_uuid(), 'text-layer', s.status,
       now() - n / 3 * interval '1 second',
       case when s.status in ('completed', 'failed', 'partially_completed', 'cancelled') then now() end
from generate_series(1, :jobs) n
cross join lateral (select case n / 7 % (:jobs / 50) when 1 then 'failed' when 2 then 'cancelled' when 3 then 'partially_completed'
  when 4 then 'queued' when 5 then 'running' when 6 then 'paused' when 7 then 'retrying' else 'completed' end as status) s;
insert into colophon.incomplete_jobs (document_id, job_id, status, created_at)
select document_id, id, status, created_at from public.processing_jobs
where status in ('failed', 'cancelled', 'partially_completed');
insert into public.job_queue (job_id, document_id, strategy, state, attempt, worker, lease_until, started_at, owner, position)
select j.id, j.document_id, j.strategy, case j.status when 'retrying' then 'scheduled' else j.status end, 1,
       case j.status when 'running' then 'w' end, case j.status when 'running' then now() end,
       case j.status when 'running' then now() end, d.uploaded_by, 1
from public.processing_jobs j join public.documents d on d.id = j.document_id
where j.status in ('queued', 'running', 'paused', 'retrying');
reset session_replication_role;
analyze public.documents, public.processing_jobs, public.job_queue, colophon.incomplete_jobs;
