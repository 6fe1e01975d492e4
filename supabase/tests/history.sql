-- The history of zones, as clients of the database make it: a person's edits are on record whatever they write them with,
-- nobody forges the history, strangers see none of it, and what a tool said lies beneath a person's word.
begin;
select plan(33);

insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by) values
  ('00000000-0000-7000-8000-000000000001', 'a.pdf', 'a.pdf', 1, '00000000-0000-7000-8000-00000000000a');
insert into public.document_shares (document_id, role, user_id, created_by) values
  ('00000000-0000-7000-8000-000000000001', 'viewer', '00000000-0000-7000-8000-00000000000b', 'test'),
  ('00000000-0000-7000-8000-000000000001', 'editor', '00000000-0000-7000-8000-00000000000c', 'test');
insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates, content, status) values
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', 1, 1, 'text', '{}', 'teh', 'completed'),
  ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000012', 2, 1, 'text', '{}', 'b', 'pending');

-- One transaction is one change; this file would be one. So each step pretends that the one before is another's.
create function pg_temp.begin_anew() returns void language sql as $$
  update public.document_changes set transaction_id = '3'
$$;
create function pg_temp.become(person text) returns text language sql as $$
  select set_config('role', 'authenticated', true)
      || set_config('request.jwt.claims', '{"role":"authenticated","sub":"00000000-0000-7000-8000-0000000000' || person || '"}', true)
$$;
select results_eq($$ select revision, kind, changed_by from public.document_changes $$,
  $$ values (1::bigint, 'edit', null::text) $$, 'what is written without a word is the platform''s change');

-- The editor's own word.
select pg_temp.begin_anew();
select pg_temp.become('0c') is not null;
select isnt_empty($$ update public.zones set content = 'the', zone_type = 'title' where zone_index = 1 returning id $$,
  'editor: edits by UPDATE');
select results_eq($$ select revision, kind, changed_by from public.document_changes order by revision desc limit 1 $$,
  $$ values (2::bigint, 'edit', '00000000-0000-7000-8000-00000000000c') $$, 'the change is the editor''s');
select results_eq($$ select zones_revision, until_revision, zone ->> 'content', zone ->> 'zone_type' from public.zone_history $$,
  $$ values (1::bigint, 2::bigint, 'teh', 'text') $$, 'the state before is kept');
select results_eq($$ select original from public.zones where zone_index = 1 $$,
  $$ values ('{"content": "teh", "zone_type": "text"}'::jsonb) $$, 'what the tool says lies beneath');
select results_eq($$ select correction_type, corrected_by from public.user_corrections order by correction_type $$,
  $$ values ('text', '00000000-0000-7000-8000-00000000000c'), ('type', '00000000-0000-7000-8000-00000000000c') $$,
  'each field is a correction in the editor''s name');
select isnt_empty($$ update public.zones set original = '{"content": "forged"}', created_by = 'forged' where zone_index = 1 returning id $$,
  'editor: writes what a tool says');
select results_eq($$ select original ->> 'content', created_by from public.zones where zone_index = 1 $$,
  $$ values ('teh', null::text) $$, 'and it stays what the tool said');
select isnt_empty($$ update public.zones set content = 'teh', zone_type = 'text' where zone_index = 1 returning id $$,
  'editor: goes back to what the tool says');
select results_eq($$ select original from public.zones where zone_index = 1 $$, $$ values (null::jsonb) $$,
  'then nothing lies beneath');

-- Nobody forges it.
select throws_ok($$ insert into public.document_changes (document_id, revision, kind, version)
  values ('00000000-0000-7000-8000-000000000001', 99, 'edit', 1) $$, '42501', null, 'no change is written by hand');
select throws_ok($$ update public.document_changes set changed_by = 'another' $$, '42501', null, 'a change stays as it is');
select throws_ok($$ delete from public.document_changes $$, '42501', null, 'a change stays');
select throws_ok($$ insert into public.zone_history (document_id, zone_id, zones_revision, until_revision, zone)
  values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', 7, 8, '{}') $$, '42501', null,
  'no state is written by hand');
select throws_ok($$ update public.zone_history set zone = '{}' $$, '42501', null, 'a state stays as it is');
select throws_ok($$ delete from public.zone_history $$, '42501', null, 'a state stays');
select throws_ok($$ update public.zones set zones_revision = 0 $$, '42501', null, 'a zone''s revision is not said by people');
select throws_ok($$ update public.documents set zones_revision = 0 $$, '42501', null, 'nor a document''s');
select throws_ok($$ select colophon.begin_change('00000000-0000-7000-8000-000000000009') $$, '42501', null,
  'no change of a document that is not there is begun');

-- A status goes where it may.
select throws_ok($$ update public.zones set status = 'processing' where status = 'verified' or zone_index = 1;
  update public.zones set status = 'verified' where zone_index = 1 $$, '23514', null, 'a status does not go where it may not');
select isnt_empty($$ update public.zones set status = 'verified' where zone_index = 2 returning id $$, 'and goes where it may');

-- What goes and comes back.
reset role;
select pg_temp.begin_anew();
select pg_temp.become('0c') is not null;
select isnt_empty($$ delete from public.zones where zone_index = 2 returning id $$, 'editor: deletes');
select isnt_empty($$ select zone from public.zone_history where zone_id = '00000000-0000-7000-8000-000000000012'
  and until_revision = 3 $$, 'what is deleted is kept');
select isnt_empty($$ select id from public.user_corrections where zone_id = '00000000-0000-7000-8000-000000000012'
  and correction_type = 'delete' $$, 'and is a correction');
reset role;
select pg_temp.begin_anew();
select pg_temp.become('0c') is not null;
select lives_ok($$ select colophon.begin_change('00000000-0000-7000-8000-000000000001', 'undo', 'a test', undoes => '{3}') $$,
  'editor: begins an undoing');
select lives_ok($$ insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates, created_by)
  values ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000012', 2, 1, 'text', '{}', null) $$,
  'it comes back');
select results_eq($$ select created_by, revision > 1 from public.zones where zone_index = 2 $$, $$ values (null::text, true) $$,
  'as the tool''s, and goes on counting');
select results_eq($$ select colophon.is_undone('00000000-0000-7000-8000-000000000001', r) from generate_series(2, 4) r $$,
  $$ values (false), (true), (false) $$, 'what is undone is known');

-- Others.
select pg_temp.become('0b') is not null;
select isnt_empty($$ select revision from public.document_changes $$, 'viewer: sees the history');
select throws_ok($$ select colophon.begin_change('00000000-0000-7000-8000-000000000001') $$, '42501', null,
  'viewer: begins no change');
select pg_temp.become('77') is not null;
select is_empty($$ select revision from public.document_changes $$, 'stranger: sees no change');
select is_empty($$ select zone_id from public.zone_history $$, 'stranger: sees no state');
select results_eq($$ select colophon.undone_revisions('00000000-0000-7000-8000-000000000001') $$, $$ values ('{}'::bigint[]) $$,
  'stranger: learns of no undoing');

reset role;
select * from finish();
rollback;
