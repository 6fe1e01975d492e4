-- a row in every table
insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by, tags, metadata)
values ('00000000-0000-7000-8000-000000000001', 'a.pdf', 'a.pdf', 1, '00000000-0000-7000-8000-00000000000a', '{a}',
        '{"year": 2020}');
insert into public.metadata_schemas (owner, schema)
values ('00000000-0000-7000-8000-00000000000a', '{"properties": {"year": {"type": "integer"}}}');
insert into public.document_versions (document_id, version, storage_path, sha256, file_size_bytes, mime_type, original_filename)
values ('00000000-0000-7000-8000-000000000001', 1, 'o/00000000-0000-7000-8000-000000000001/x', repeat('ab', 32), 1,
        'application/pdf', 'a.pdf');
insert into public.document_pages (document_id, version, page_number, width, height, mediabox, cropbox)
values ('00000000-0000-7000-8000-000000000001', 1, 1, 1, 1, '{0,0,1,1}', '{0,0,1,1}');
insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates, confidence)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 0, 1, 'text', '{}', 0.5);
insert into public.zone_history (document_id, zone_id, zones_revision, until_revision, zone)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 0, 1, '{}');
insert into public.zone_confidence_history (zone_id, confidence) values ('00000000-0000-7000-8000-000000000002', 0.25);
insert into public.reading_orders (document_id, version, name, items)
values ('00000000-0000-7000-8000-000000000001', 1, 'default', '["00000000-0000-7000-8000-000000000002"]');
insert into public.user_corrections (zone_id, corrected_content) values ('00000000-0000-7000-8000-000000000002', 'b');
insert into public.correction_outcomes (document_id, zone_id, revision, outcome)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 1, 'kept');
insert into public.processing_jobs (document_id, id, strategy, current_zone_id)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', 'text-layer',
        '00000000-0000-7000-8000-000000000002');
insert into public.processing_job_pages (document_id, job_id, page_number, outcome, attempt)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', 1, 'completed', 1);
insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', 1, 1, 'completed');
insert into public.job_queue (job_id, document_id, strategy)
values ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001', 'text-layer');
insert into public.processing_job_zones (document_id, job_id, zone_id, outcome, attempt)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003',
        '00000000-0000-7000-8000-000000000002', 'completed', 1);
insert into public.job_schedules (document_id, id, cron, strategy, created_by)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000018', '@daily', 'text-layer',
        '00000000-0000-7000-8000-00000000000a');
insert into colophon.job_positions (queue, strategy, priority, position) values ('default', 'text-layer', 2, 0);
insert into public.job_limits (kind, name, max_running) values ('strategy', 'ocr', 4);
insert into public.paused_queues (queue) values ('night');
insert into colophon.incomplete_jobs (document_id, job_id, status, created_at)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', 'failed', now());
insert into public.export_records (document_id, export_type, formats)
values ('00000000-0000-7000-8000-000000000001', 'full', '{json}');
insert into colophon.idempotency_keys (owner, key, request, resource_id)
values ('00000000-0000-7000-8000-00000000000a', 'k', 'r', '00000000-0000-7000-8000-000000000001');
-- Shares, with a viewer …000b, an editor …000c, a person …000d who opened a link, and two whose shares as editors have
-- ended: …000e by time, …000f by being revoked.
insert into public.document_shares (document_id, id, role, user_id, expires_at, revoked_at, created_by)
select '00000000-0000-7000-8000-000000000001', ('00000000-0000-7000-8000-0000000000' || id)::uuid, role,
       ('00000000-0000-7000-8000-0000000000' || person)::uuid, expires_at, revoked_at,
       '00000000-0000-7000-8000-00000000000a'
from (values ('11', 'viewer', '0b', now() + interval '1 day', null), ('12', 'editor', '0c', null, null),
             ('14', 'editor', '0e', now() - interval '1 second', null), ('15', 'editor', '0f', null, now())
     ) as shares (id, role, person, expires_at, revoked_at);
insert into public.document_shares (document_id, id, role, max_uses, created_by)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000013', 'viewer', 1,
        '00000000-0000-7000-8000-00000000000a');
insert into colophon.document_share_tokens (document_id, share_id, token_hash)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000013', sha256('a link'));
insert into public.document_share_uses (document_id, share_id, user_id)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000013',
        '00000000-0000-7000-8000-00000000000d');
insert into public.document_accesses (document_id, share_id, user_id, action)
values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000013',
        '00000000-0000-7000-8000-00000000000d', 'opened');
insert into colophon.signing_keys default values;
-- The ledger has the version's object by itself; this one was announced and never came.
insert into colophon.objects (document_id, storage_path, owner, state, intended_until)
values ('00000000-0000-7000-8000-000000000001', 'o/00000000-0000-7000-8000-000000000001/y',
        '00000000-0000-7000-8000-00000000000a', 'intended', now() - interval '1 day');
insert into colophon.quotas (owner, max_bytes, max_documents)
values ('00000000-0000-7000-8000-00000000000a', 1000000, 1000);
insert into colophon.uploads (id, owner, document_id, storage_path, upload_length, details, resumption, expires_at)
values ('00000000-0000-7000-8000-000000000016', '00000000-0000-7000-8000-00000000000a',
        '00000000-0000-7000-8000-000000000017', 'o/00000000-0000-7000-8000-000000000017/x', 1, '{}', '{}',
        now() + interval '1 day');
insert into colophon.imported_zones (ordinal, page_number, position, key, id, id_given, zone_type, coordinates, metadata)
values (0, 1, 0, 'r1', '00000000-0000-7000-8000-000000000004', false, 'text', '{}', '{}');
insert into colophon.processing_statistics
values ('hour', '2020-01-01T00:00:00Z', 'text-layer', 'completed', '', '', '', 7, 1, 12345, 12345, 1, 0);
insert into colophon.processing_statistics_progress (counted_until) values ('2020-01-01T01:00:00Z');
