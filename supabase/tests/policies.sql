-- Who may do what with a document and all that hangs on it: owner, editor, viewer, a person by a link, a share that is
-- over, a stranger, anonymous. Each verb, allowed and denied. Nothing stays: the transaction is rolled back.
begin;
select plan(88);

-- Every table is guarded, by policies that name their role and ask for the person once for a statement.
select is_empty(
  $$ select c.oid::regclass from pg_class c
     where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'colophon'::regnamespace)
       and not c.relrowsecurity $$,
  'row-level security is on for every table');
select is_empty(
  $$ select policyname from pg_policies where schemaname in ('public', 'colophon') and roles <> '{authenticated}'
       and not (roles = '{service_role}' and cmd = 'SELECT') $$,
  'every policy is for authenticated; what is the platform''s alone says so by one for service_role');
select is_empty(
  $$ select tablename, cmd from pg_policies where schemaname in ('public', 'colophon')
     group by tablename, cmd having count(*) > 1 $$,
  'one policy for each table and verb');
select is_empty(
  $$ select c.oid::regclass from pg_class c
     where c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relnamespace in ('public'::regnamespace, 'colophon'::regnamespace)
       and has_table_privilege('anon', c.oid, 'select, insert, update, delete') $$,
  'anon holds no privilege on any table');

-- A document of …0a, shared with the viewer …0b and the editor …0c; …0d opens a link; the share of …0e is over.
insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by) values
  ('00000000-0000-7000-8000-000000000001', 'a.pdf', 'a.pdf', 1, '00000000-0000-7000-8000-00000000000a'),
  ('00000000-0000-7000-8000-000000000002', 'b.pdf', 'b.pdf', 1, '00000000-0000-7000-8000-000000000099');
insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates) values
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', 1, 1, 'text', '{}'),
  ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000012', 1, 1, 'text', '{}');
insert into public.document_shares (document_id, role, user_id, expires_at, created_by) values
  ('00000000-0000-7000-8000-000000000001', 'viewer', '00000000-0000-7000-8000-00000000000b', null, 'test'),
  ('00000000-0000-7000-8000-000000000001', 'editor', '00000000-0000-7000-8000-00000000000c', now() + interval '1 hour', 'test'),
  ('00000000-0000-7000-8000-000000000001', 'editor', '00000000-0000-7000-8000-00000000000e', now() - interval '1 hour', 'test');

create function pg_temp.become(person text) returns text language sql as $$
  select set_config('role', 'authenticated', true)
      || set_config('request.jwt.claims', '{"role":"authenticated","sub":"00000000-0000-7000-8000-0000000000' || person || '"}', true)
$$;
create temporary table tokens (token text);
grant all on tokens to authenticated;

-- The owner.
select pg_temp.become('0a') is not null;
select results_eq($$ select filename from public.documents $$, $$ values ('a.pdf') $$, 'owner: sees their own document alone');
select results_eq($$ select count(*) from public.zones $$, $$ values (1::bigint) $$, 'owner: sees its zones');
select lives_ok($$ insert into public.documents (filename, original_filename, file_size_bytes) values ('c.pdf', 'c.pdf', 1) $$,
  'owner: adds a document, which is theirs without saying so');
select throws_ok(
  $$ insert into public.documents (filename, original_filename, file_size_bytes, uploaded_by)
     values ('d.pdf', 'd.pdf', 1, '00000000-0000-7000-8000-000000000099') $$,
  '42501', null, 'owner: adds none for another');
select isnt_empty($$ update public.documents set filename = 'e.pdf' where filename = 'c.pdf' returning id $$, 'owner: renames');
select throws_ok($$ update public.documents set uploaded_by = '00000000-0000-7000-8000-000000000099' $$, '42501', null,
  'owner: gives nothing away by UPDATE');
select throws_ok($$ update public.documents set status = 'processed' $$, '42501', null, 'owner: leaves bookkeeping alone');
select isnt_empty($$ delete from public.documents where filename = 'e.pdf' returning id $$, 'owner: deletes');
select isnt_empty($$ update public.zones set content = 'x' returning id $$, 'owner: edits a zone');
select is_empty($$ update public.zones set content = 'x' where document_id = '00000000-0000-7000-8000-000000000002' returning id $$,
  'owner: edits no zone of another');
select throws_ok(
  $$ insert into public.zones (document_id, zone_index, page_number, zone_type, coordinates)
     values ('00000000-0000-7000-8000-000000000002', 2, 1, 'text', '{}') $$,
  '42501', null, 'owner: adds no zone to another''s document');
select lives_ok($$ insert into tokens select public.create_share_link('00000000-0000-7000-8000-000000000001', 'viewer', null, 1) $$,
  'owner: makes a link');
select throws_ok($$ select public.create_share_link('00000000-0000-7000-8000-000000000002') $$, '42501', null,
  'owner: makes no link to another''s document');
select throws_ok($$ select * from colophon.document_share_tokens $$, '42501', null, 'owner: reads no token''s hash');
select throws_ok($$ update public.document_shares set role = 'editor' $$, '42501', null, 'owner: a share is never changed');
select throws_ok($$ delete from public.document_shares $$, '42501', null, 'owner: a share is never deleted');
select results_eq($$ select count(*) from public.document_shares $$, $$ values (4::bigint) $$, 'owner: sees all shares');

-- The hint is no proof.
select set_config('colophon.document_id', '00000000-0000-7000-8000-000000000002', true) is not null;
select is_empty($$ select id from public.zones where document_id = '00000000-0000-7000-8000-000000000002' $$,
  'a hint that names another''s document shows nothing of it');
select results_eq($$ select count(*) from public.zones $$, $$ values (1::bigint) $$, 'and hides nothing of one''s own');
select set_config('colophon.document_id', '', true) is not null;

-- The editor.
select pg_temp.become('0c') is not null;
select results_eq($$ select filename from public.documents $$, $$ values ('a.pdf') $$, 'editor: sees the document');
select isnt_empty($$ update public.documents set filename = 'f.pdf' returning id $$, 'editor: renames it');
select is_empty($$ delete from public.documents returning id $$, 'editor: does not delete it');
select isnt_empty($$ update public.zones set content = 'y' returning id $$, 'editor: edits a zone');
select lives_ok(
  $$ insert into public.zones (document_id, zone_index, page_number, zone_type, coordinates)
     values ('00000000-0000-7000-8000-000000000001', 3, 1, 'text', '{}') $$, 'editor: adds a zone');
select isnt_empty($$ delete from public.zones where zone_index = 3 returning id $$, 'editor: deletes a zone');
select results_eq(
  $$ insert into public.user_corrections (document_id, zone_id, corrected_content)
     values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', 'z') returning corrected_by $$,
  $$ values ('00000000-0000-7000-8000-00000000000c') $$, 'editor: corrects, in their own name');
select throws_ok(
  $$ insert into public.user_corrections (document_id, zone_id, corrected_content, corrected_by)
     values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', 'z',
             '00000000-0000-7000-8000-00000000000a') $$, '42501', null, 'editor: corrects in nobody else''s name');
select throws_ok($$ update public.user_corrections set corrected_content = 'w' $$, '42501', null, 'editor: a correction stays as it is');
select throws_ok($$ delete from public.user_corrections $$, '42501', null, 'editor: a correction stays');
select lives_ok(
  $$ insert into public.processing_jobs (document_id, id) values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000021') $$,
  'editor: asks for a job');
select lives_ok(
  $$ insert into public.job_queue (job_id, document_id, strategy)
     values ('00000000-0000-7000-8000-000000000021', '00000000-0000-7000-8000-000000000001', 'text-layer') $$, 'editor: queues it');
select throws_ok($$ update public.processing_jobs set status = 'completed' $$, '42501', null, 'editor: ends no job');
select throws_ok($$ select * from public.job_queue $$, '42501', null, 'editor: does not see the queue');
select results_eq($$ select job_id from colophon.live_jobs('queued', 10) $$,
  $$ values ('00000000-0000-7000-8000-000000000021'::uuid) $$, 'editor: sees which jobs are live');
select throws_ok(
  $$ insert into colophon.incomplete_jobs (document_id, job_id, status, created_at)
     values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000021', 'failed', now()) $$, '42501', null,
  'editor: calls no job failed');
select results_eq($$ select status, changed from colophon.cancel_job('00000000-0000-7000-8000-000000000021') $$,
  $$ values ('cancelled', true) $$, 'editor: cancels a job');
select throws_ok($$ select public.create_share_link('00000000-0000-7000-8000-000000000001') $$, '42501', null, 'editor: makes no link');
select throws_ok(
  $$ insert into public.document_shares (document_id, role, user_id)
     values ('00000000-0000-7000-8000-000000000001', 'editor', gen_random_uuid()) $$, '42501', null, 'editor: shares with nobody');
select is_empty($$ update public.document_shares set revoked_at = now() returning id $$, 'editor: revokes nothing');
select results_eq($$ select count(*) from public.document_shares $$, $$ values (1::bigint) $$, 'editor: sees their own share');

-- The viewer.
select pg_temp.become('0b') is not null;
select results_eq($$ select filename from public.documents $$, $$ values ('f.pdf') $$, 'viewer: sees the document');
select results_eq($$ select count(*) from public.zones $$, $$ values (1::bigint) $$, 'viewer: sees its zones');
select results_eq($$ select count(*) from public.user_corrections $$, $$ values (1::bigint) $$, 'viewer: sees corrections');
select isnt_empty($$ select id from public.processing_history $$, 'viewer: sees the history');
select is_empty($$ update public.documents set filename = 'g.pdf' returning id $$, 'viewer: renames nothing');
select is_empty($$ update public.zones set content = 'v' returning id $$, 'viewer: edits no zone');
select is_empty($$ delete from public.zones returning id $$, 'viewer: deletes no zone');
select throws_ok(
  $$ insert into public.zones (document_id, zone_index, page_number, zone_type, coordinates)
     values ('00000000-0000-7000-8000-000000000001', 4, 1, 'text', '{}') $$, '42501', null, 'viewer: adds no zone');
select throws_ok(
  $$ insert into public.user_corrections (document_id, zone_id, corrected_content)
     values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', 'v') $$, '42501', null,
  'viewer: corrects nothing');
select throws_ok($$ insert into public.processing_jobs (document_id) values ('00000000-0000-7000-8000-000000000001') $$, '42501', null,
  'viewer: asks for no job');
select throws_ok(
  $$ insert into public.export_records (document_id, export_type, formats)
     values ('00000000-0000-7000-8000-000000000001', 'full', '{json}') $$, '42501', null, 'viewer: records no export');

select results_eq($$ select status from colophon.incomplete_jobs $$, $$ values ('cancelled') $$, 'viewer: sees that it was cancelled');
select is_empty($$ select status from colophon.retry_job('00000000-0000-7000-8000-000000000021') $$, 'viewer: asks for no job again');

-- By a link: nothing before it is opened, what a viewer may after.
select pg_temp.become('0d') is not null;
select is_empty($$ select id from public.documents $$, 'link: shows nothing before it is opened');
select results_eq($$ select public.open_share_link(token) from tokens $$,
  $$ values ('00000000-0000-7000-8000-000000000001'::uuid) $$, 'link: opens its document');
select results_eq($$ select filename from public.documents $$, $$ values ('f.pdf') $$, 'link: then shows it');
select is_empty($$ update public.documents set filename = 'h.pdf' returning id $$, 'link: of a viewer lets nobody edit');
select results_eq($$ select count(*) from public.document_share_uses $$, $$ values (1::bigint) $$, 'link: its use is on record');
select throws_ok(
  $$ insert into public.document_share_uses (document_id, share_id, user_id)
     select document_id, share_id, '00000000-0000-7000-8000-000000000099' from public.document_share_uses $$, '42501', null,
  'link: a use is written by opening it alone');
select lives_ok($$ select public.open_share_link(token) from tokens $$, 'link: is opened again by who holds it');
select lives_ok($$ select colophon.record_access('00000000-0000-7000-8000-000000000001', 'downloaded', false) $$,
  'link: a download is noted');
select is_empty($$ select id from public.document_accesses $$, 'link: the log is the owner''s to read');
select throws_ok(
  $$ insert into public.document_accesses (document_id, user_id, action)
     values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000a', 'downloaded') $$, '42501', null,
  'link: nobody writes the log by hand');
select pg_temp.become('0f') is not null;
select throws_ok($$ select public.open_share_link(token) from tokens $$, 'PT404', null, 'link: for one is not for two');
select throws_ok($$ select public.open_share_link('a guess') $$, 'PT404', null, 'link: a guess opens nothing');

-- Revoked: at once.
select pg_temp.become('0a') is not null;
select results_eq(
  $$ select action, user_id::text from public.document_accesses order by id $$,
  $$ values ('opened', '00000000-0000-7000-8000-00000000000d'), ('opened', '00000000-0000-7000-8000-00000000000d'),
            ('downloaded', '00000000-0000-7000-8000-00000000000d') $$, 'owner: sees what others did');
select throws_ok($$ update public.document_accesses set action = 'opened' $$, '42501', null, 'owner: changes no line of the log');
select throws_ok($$ delete from public.document_accesses $$, '42501', null, 'owner: deletes no line of the log');
select throws_ok($$ select id from colophon.signing_keys $$, '42501', null, 'owner: reads no signing key');
select isnt_empty($$ update public.document_shares set revoked_at = now() where user_id is null returning id $$, 'owner: revokes the link');
select is_empty($$ update public.document_shares set revoked_at = null where user_id is null returning id $$,
  'owner: what is revoked stays so');
select pg_temp.become('0d') is not null;
select is_empty($$ select id from public.documents $$, 'link: shows nothing once it is revoked');

-- A share that is over, and a stranger.
select pg_temp.become('0e') is not null;
select is_empty($$ select id from public.documents $$, 'over: sees nothing');
select is_empty($$ update public.zones set content = 'e' returning id $$, 'over: edits nothing');
select pg_temp.become('77') is not null;
select is_empty($$ select id from public.documents $$, 'stranger: sees no document');
select is_empty($$ select id from public.zones $$, 'stranger: sees no zone');
select is_empty($$ select id from public.document_shares $$, 'stranger: sees no share');
select is_empty($$ select * from colophon.search_zones('y', 10, null, null) $$, 'stranger: finds nothing');
select lives_ok($$ select colophon.record_access('00000000-0000-7000-8000-000000000001', 'downloaded', false) $$,
  'stranger: leaves no line in the log (counted below)');

-- Somebody without a name, and anonymous.
select set_config('request.jwt.claims', '{"role":"authenticated"}', true) is not null;
select is_empty($$ select id from public.documents $$, 'nameless: sees nothing');
select throws_ok($$ insert into public.documents (filename, original_filename, file_size_bytes) values ('i.pdf', 'i.pdf', 1) $$,
  '42501', null, 'nameless: owns nothing');
set local role anon;
select throws_ok($$ select id from public.documents $$, '42501', null, 'anon: is denied');
select throws_ok($$ select public.open_share_link('x') $$, '42501', null, 'anon: opens no link');

reset role;
select results_eq($$ select count(*) from public.document_accesses $$, $$ values (3::bigint) $$, 'strangers leave no line in the log');
select * from finish();
rollback;
