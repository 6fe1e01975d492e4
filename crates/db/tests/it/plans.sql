-- many rows, made by the server; every fifth document belongs to one owner, one document has 2,000 zones on 20 pages
-- every fourth has tags and metadata; every twentieth is in the trash
insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by, status, created_at, deleted_at,
  tags, metadata)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'a.pdf', 'a.pdf', 1,
       case when n % 5 = 1 then '00000000-0000-7000-8000-00000000000a' else 'owner ' || n % 1000 end,
       case when n % 500 = 1 then 'damaged' else 'processed' end, now() - n * interval '1 minute',
       case when n % 20 = 11 then now() - n * interval '1 second' end,
       case when n % 4 = 1 then array['many', case when n % 5000 = 1 then 'few' else 'half ' || n % 8 end] else '{}' end,
       case when n % 4 = 1 then jsonb_build_object('year', 2000 + n % 26, 'amount', n % 7919) else '{}' end
from generate_series(1, 100000) n;

insert into public.zones (document_id, zone_index, page_number, zone_type, coordinates, content)
select ('00000000-0000-7000-8000-' || lpad(to_hex(case when n <= 2000 then 1 else n end), 12, '0'))::uuid,
       case when n <= 2000 then n else 0 end, case when n <= 2000 then 1 + n / 100 else 1 end, 'text', '{}',
       'line ' || n || case when n % 1000 = 1 then ' heron' else '' end
from generate_series(1, 50000) n;

insert into public.user_corrections (document_id, zone_id, corrected_content, confidence_before, correction_type, processing_tool)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(), 'x', 0.9, 'text', 'ocr'
from generate_series(1, 100000) n;

insert into public.processing_jobs (document_id, strategy, created_at)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n * 7), 12, '0'))::uuid, 'text-layer', now() - n * interval '1 minute'
from generate_series(1, 2000) n;
update public.processing_jobs set status = 'paused' where document_id::text like '%f';
insert into public.job_queue (job_id, document_id, strategy, priority, run_at, position)
select id, document_id, strategy, 1 + floor(random() * 4), created_at, row_number() over (order by created_at)
from public.processing_jobs;

insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256, intended_until, changed_at,
                              verified_at)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'o/' || n || '/x', 'o',
       case n % 500 when 1 then 'intended' when 2 then 'released' else 'stored' end, 1, repeat('ab', 32),
       case when n % 500 = 1 then now() + (n - 50000) * interval '1 second' end, now() - n * interval '1 second',
       case when n % 3 = 0 then now() - n * interval '1 second' end
from generate_series(1, 100000) n;
insert into colophon.idempotency_keys (owner, key, request, resource_id, created_at)
select 'o', 'k' || n, 'r', gen_random_uuid(), now() - n * interval '1 minute' from generate_series(1, 20000) n;

analyze colophon.document_fields, colophon.objects, colophon.idempotency_keys;
analyze public.documents, public.zones, public.user_corrections, public.processing_jobs, public.job_queue, public.document_versions;

-- Schedules whose time is to come, but for a few.
insert into public.job_schedules (document_id, cron, strategy, next_run_at)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '@daily', 'text-layer',
       case when n % 1000 = 1 then now() when n % 1000 > 2 then now() + n * interval '1 minute' end
from generate_series(1, 5000) n;
analyze public.job_schedules;
