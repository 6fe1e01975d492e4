-- The bucket and who may do what with its objects: each verb, for each role, allowed and denied.
-- Nothing stays: the transaction is rolled back. The extension pgtap is made by whoever runs this (`supabase test db`,
-- `cargo test`).
begin;
select plan(28);

select results_eq(
  $$ select public, file_size_limit, allowed_mime_types from storage.buckets where id = 'documents' $$,
  $$ values (false, 5368709120, array['application/pdf', 'application/json']) $$,
  'the bucket is private and takes PDFs and exports of up to 5 GiB');

select policy_roles_are('storage', 'objects', 'colophon_objects_owner_select', array['authenticated']);
select policy_cmd_is('storage', 'objects', 'colophon_objects_owner_select'::name, 'select');
select policy_roles_are('storage', 'objects', 'colophon_objects_owner_insert', array['authenticated']);
select policy_cmd_is('storage', 'objects', 'colophon_objects_owner_insert'::name, 'insert');
select is_empty(
  $$ select policyname from pg_policies where schemaname = 'storage' and tablename = 'objects'
       and policyname like 'colophon%' and cmd not in ('SELECT', 'INSERT') $$,
  'no policy lets anybody change or delete an object');

insert into storage.objects (bucket_id, name) values
  ('documents', '00000000-0000-7000-8000-00000000000a/d/one.pdf'),
  ('documents', '00000000-0000-7000-8000-00000000000b/d/two.pdf');

-- The owner of the first.
set local role authenticated;
set local request.jwt.claims = '{"role":"authenticated","sub":"00000000-0000-7000-8000-00000000000a"}';
select results_eq(
  $$ select name from storage.objects where bucket_id = 'documents' $$,
  $$ values ('00000000-0000-7000-8000-00000000000a/d/one.pdf') $$,
  'a person sees the objects in his own folder and no other');
select lives_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('documents', '00000000-0000-7000-8000-00000000000a/d/exports/three.json') $$,
  'a person may write into his own folder');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('documents', '00000000-0000-7000-8000-00000000000b/d/three.pdf') $$,
  '42501', null, 'a person may not write into another''s folder');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('documents', 'three.pdf') $$,
  '42501', null, 'a person may not write outside all folders');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('documents', '00000000-0000-7000-8000-00000000000a') $$,
  '42501', null, 'an object named like his folder does not lie in it');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('another', '00000000-0000-7000-8000-00000000000a/d/three.pdf') $$,
  '42501', null, 'a person may not write into another bucket');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('documents', '00000000-0000-7000-8000-00000000000a/d/one.pdf')
     on conflict (bucket_id, name) do update set metadata = '{}' $$,
  '42501', null, 'a person may not overwrite his own object');
select is_empty(
  $$ update storage.objects set name = '00000000-0000-7000-8000-00000000000a/d/moved.pdf' returning id $$,
  'a person may not change his own object');
select throws_ok(
  $$ delete from storage.objects where name like '00000000-0000-7000-8000-00000000000a/%' $$,
  '42501', null, 'a person may not delete by SQL');
-- As the Storage API would delete for him.
set local storage.allow_delete_query = 'true';
select is_empty(
  $$ delete from storage.objects where bucket_id = 'documents' returning id $$,
  'a person may not delete his own object by the Storage API either');
set local storage.allow_delete_query = 'false';
select is_empty($$ update storage.buckets set public = true returning id $$, 'a person may not open the bucket');

-- A token without a person.
set local request.jwt.claims = '{"role":"authenticated"}';
select is_empty($$ select id from storage.objects $$, 'who is nobody sees nothing');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('documents', '/d/three.pdf') $$,
  '42501', null, 'who is nobody may not write, also not where the folder has no name');

-- Without a token.
set local role anon;
set local request.jwt.claims = '{"role":"anon"}';
select is_empty($$ select id from storage.objects $$, 'anon sees nothing');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('documents', '00000000-0000-7000-8000-00000000000a/d/three.pdf') $$,
  '42501', null, 'anon may not write');
select is_empty($$ update storage.objects set metadata = '{}' returning id $$, 'anon may not change');
set local storage.allow_delete_query = 'true';
select is_empty($$ delete from storage.objects returning id $$, 'anon may not delete');
set local storage.allow_delete_query = 'false';

-- The platform.
set local role service_role;
set local request.jwt.claims = '{"role":"service_role"}';
select results_eq(
  $$ select count(*) from storage.objects where bucket_id = 'documents'
       and name like '00000000-0000-7000-8000-00000000000_/d/%' $$,
  $$ values (3::bigint) $$,
  'the platform sees everybody''s objects');
select lives_ok(
  $$ insert into storage.objects (bucket_id, name)
     values ('documents', '00000000-0000-7000-8000-00000000000b/d/three.pdf') $$,
  'the platform may write everywhere');
select isnt_empty(
  $$ update storage.objects set metadata = '{}' where name like '%/one.pdf' returning id $$,
  'the platform may change what an object''s row says');
select throws_ok(
  $$ delete from storage.objects where name like '%/one.pdf' $$,
  '42501', null, 'not even the platform deletes by plain SQL, since the bytes would stay');
set local storage.allow_delete_query = 'true';
select isnt_empty(
  $$ delete from storage.objects where name like '%/one.pdf' returning id $$,
  'the platform''s sweeper may delete by the Storage API');

select * from finish();
rollback;
