-- 20,000 documents with a job each: 2,000 run, 3,000 have ended, the others wait. Every second job is for one page; the first
-- that runs has 2,000 pages behind it, and 50 others as many together. Without triggers, which would take minutes.
set session_replication_role = replica;

insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by, status)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'a.pdf', 'a.pdf', 1, 'owner ' || n % 100,
       case when n <= 2000 then 'processing' else 'queued' end
from generate_series(1, 20000) n;

insert into public.processing_jobs (document_id, id, status, strategy, started_at, completed_at, attempt, total_pages, page_numbers)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid,
       case when n <= 2000 then 'running' when n <= 5000 then 'completed' else 'queued' end, 'noop',
       case when n <= 5000 then now() end, case when n between 2001 and 5000 then now() end,
       case when n <= 5000 then 1 else 0 end, case when n = 1 then 3000 else 1 end,
       case when n % 2 = 0 then array[1] end
from generate_series(1, 20000) n;

insert into public.job_queue (job_id, document_id, strategy, state, attempt, lease_seq, owner, position, started_at, lease_until,
  deadline_at, worker)
select ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'noop',
       case when n <= 2000 then 'running' else 'queued' end, case when n <= 2000 then 1 else 0 end,
       case when n <= 2000 then 1 else 0 end, 'owner ' || n % 100, n,
       case when n <= 2000 then now() end, case when n <= 2000 then now() + interval '1 hour' end,
       case when n <= 2000 then now() + interval '2 hours' end, case when n <= 2000 then 'w' end
from generate_series(1, 20000) n
where n not between 2001 and 5000;

insert into public.processing_job_pages (document_id, job_id, page_number, outcome, attempt)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, p, 'completed', 1
from generate_series(1, 50) n, generate_series(1, 2000) p
where n = 1 or p <= 40;

set session_replication_role = default;
