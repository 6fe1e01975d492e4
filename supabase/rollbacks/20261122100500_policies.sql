-- Way back of 20261122100500_policies.sql: the tables are as without policies and closed to everybody but their owner.
drop function colophon.search_zones(text, integer, real, uuid);
do $$
declare
  found record;
begin
  for found in
    select schemaname, tablename, policyname from pg_catalog.pg_policies
    where (schemaname = 'public' and tablename in (
        'documents', 'document_versions', 'document_pages', 'zones', 'zone_confidence_history', 'user_corrections',
        'processing_jobs', 'processing_job_pages', 'processing_history', 'processing_attempts', 'job_queue',
        'export_records'))
      or (schemaname = 'colophon' and tablename = 'idempotency_keys')
  loop
    execute format('drop policy %I on %I.%I', found.policyname, found.schemaname, found.tablename);
    execute format('alter table %I.%I disable row level security', found.schemaname, found.tablename);
    execute format('revoke all on %I.%I from anon, authenticated, service_role', found.schemaname, found.tablename);
  end loop;
end
$$;
