-- What all migrations make together: generated, for reading only. `supabase db push` and `colophon migrate up` run the
-- files in migrations/. After a new one: UPDATE_SCHEMA=1 cargo test -p colophon-migrate --test system schema_sql

CREATE SCHEMA colophon;

CREATE FUNCTION colophon.applied_migrations() RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return query select h.version from supabase_migrations.schema_migrations h order by h.version;
end
$$;

CREATE FUNCTION colophon.are_tags(tags text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $_$
declare
  white constant text := '[ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]';
  wrong constant text := '[\u0001-\u001f\u007f-\u009f]|^' || white || '|' || white || '$';
begin
  return cardinality(tags) <= 100 and coalesce(array_ndims(tags), 1) = 1 and (
    select count(*) = count(distinct t.tag collate "C")
      and coalesce(bool_and(char_length(t.tag) between 1 and 100 and t.tag !~ wrong), true)
    from unnest(tags) t (tag));
end
$_$;

CREATE FUNCTION colophon.begin_change(of_document uuid, kind text DEFAULT 'edit'::text, reason text DEFAULT NULL::text, job_id uuid DEFAULT NULL::uuid, processing_tool text DEFAULT NULL::text, processing_model text DEFAULT NULL::text, undoes bigint[] DEFAULT '{}'::bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  caller constant text := auth.uid()::text;
  is_person constant boolean := coalesce(current_setting('role', true), '') = 'authenticated';
  open_revision bigint;
  of_version integer;
begin
  if is_person and (caller is null or not exists (select from public.documents d where d.id = of_document
    and (d.uploaded_by = caller
      or (d.deleted_at is null and d.id in (select colophon.shared_documents('editor'))))))
  then
    raise exception 'document % may not be changed by the caller', of_document using errcode = 'insufficient_privilege';
  end if;
  select d.zones_revision, d.version into open_revision, of_version
  from public.documents d where d.id = of_document for no key update;
  if not found then
    return null;
  end if;
  -- The newest change is this transaction's own, or it has none: the lock lets nobody in between.
  if exists (select from public.document_changes c where c.document_id = of_document and c.revision = open_revision
    and c.transaction_id = pg_current_xact_id() and c.created_at >= now())
  then
    return open_revision;
  end if;
  open_revision := open_revision + 1;
  update public.documents d set zones_revision = open_revision where d.id = of_document;
  insert into public.document_changes
    (document_id, revision, kind, version, changed_by, job_id, processing_tool, processing_model, reason, undoes)
  values
    (of_document, open_revision, kind, of_version, case when is_person then caller end, job_id, processing_tool,
     processing_model, reason, undoes);
  return open_revision;
end
$$;

CREATE FUNCTION colophon.calibration(of_tool text, of_model text, of_type text, since timestamp with time zone) RETURNS TABLE(processing_tool text, processing_model text, zone_type text, bucket integer, verdicts bigint, changed bigint, confidence_sum numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  reader constant text := auth.uid()::text;
  reads_all constant boolean := coalesce(current_setting('role', true), '') = 'service_role';
begin
  return query
  with visible as (
    select d.id from public.documents d where not reads_all and d.uploaded_by = reader
    union
    select d.id from public.documents d
    where not reads_all and d.deleted_at is null and d.id in (select colophon.shared_documents('viewer'))
  ), said as (
    select c.document_id, c.zone_id, c.created_at, c.processing_tool, c.processing_model, c.zone_type,
           c.confidence_before, c.correction_type, c.zones_revision
    from public.user_corrections c
    where reads_all and c.confidence_before is not null
    union all
    select c.document_id, c.zone_id, c.created_at, c.processing_tool, c.processing_model, c.zone_type,
           c.confidence_before, c.correction_type, c.zones_revision
    from visible v
    join public.user_corrections c on c.document_id = v.id and c.confidence_before is not null
  ), undone as materialized (
    select u.document_id, unnest(colophon.undone_revisions(u.document_id)) as revision
    from (select distinct c.document_id from public.document_changes c
      where c.kind = 'undo' and (reads_all or c.document_id in (select v.id from visible v))) u
  ), verdict as (
    select s.processing_tool, s.processing_model, (array_agg(s.zone_type order by s.created_at))[1] as zone_type,
           s.confidence_before as confidence, bool_or(s.correction_type is distinct from 'accept') as changed
    from said s
    where (of_tool is null or s.processing_tool = of_tool)
      and (of_model is null or s.processing_model = of_model)
      and (since is null or s.created_at >= since)
      and s.correction_type is distinct from 'create' and s.correction_type is distinct from 'undo'
      and not exists (
        select from undone u where u.document_id = s.document_id and u.revision = s.zones_revision)
    group by s.document_id, s.zone_id, s.processing_tool, s.processing_model, s.confidence_before
  )
  select v.processing_tool, v.processing_model, v.zone_type, least(floor(v.confidence * 10), 9)::integer, count(*),
         count(*) filter (where v.changed), sum(v.confidence)
  from verdict v
  where of_type is null or v.zone_type = of_type
  group by 1, 2, 3, 4;
end
$$;

CREATE FUNCTION colophon.cancel_job(id uuid) RETURNS TABLE(document_id uuid, status text, changed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  job public.processing_jobs;
  live public.job_queue;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  select q.* into live from public.job_queue q where q.job_id = cancel_job.id;
  if job.completed_at is not null then
    return query select job.document_id, job.status, false;
    return;
  end if;
  if live.state = 'running' then
    insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome, worker, started_at)
    values (live.document_id, live.job_id, live.lease_seq, live.attempt, 'cancelled', live.worker, live.started_at);
  end if;
  delete from public.job_queue q where q.job_id = cancel_job.id;
  update public.processing_jobs j set status = 'cancelled', completed_at = clock_timestamp()
  where j.document_id = job.document_id and j.id = cancel_job.id;
  perform colophon.settle_document(job);
  return query select job.document_id, 'cancelled'::text, true;
end
$$;

CREATE FUNCTION colophon.change_job_schedule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if new.enabled and (not old.enabled or new.cron <> old.cron or new.time_zone <> old.time_zone) then
    new.next_run_at := null;
  end if;
  if new.enabled then
    new.disabled_reason := null;
    -- Nobody has anything done in another's name.
    new.created_by := coalesce((auth.uid())::text, new.created_by);
  else
    new.next_run_at := null;
  end if;
  new.updated_at := clock_timestamp();
  return new;
end
$$;

CREATE FUNCTION colophon.check_job_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise exception 'a job cannot go from % to %', old.status, new.status
    using errcode = 'check_violation', constraint = 'processing_jobs_transition_check',
          schema = 'public', table = 'processing_jobs';
end
$$;

CREATE FUNCTION colophon.count_attempts(since timestamp with time zone, until timestamp with time zone, reader text) RETURNS TABLE(hour timestamp with time zone, strategy text, outcome text, error_class text, error_code text, stage text, bucket integer, observations bigint, microseconds bigint, longest bigint, pages bigint, pages_failed bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  -- Microseconds: 1, 2, 5, 10, …. The same bounds stand in the domain crate; a test compares.
  bounds constant bigint[] := array[
    100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000,
    10000000, 20000000, 50000000, 100000000, 200000000, 500000000, 1000000000, 2000000000, 5000000000, 10000000000]::bigint[];
begin
  return query
  with visible as (
    select d.id from public.documents d where d.uploaded_by = reader
    union
    select d.id from public.documents d
    where reader is not null and d.deleted_at is null and d.id in (select colophon.shared_documents('viewer'))
  ), ended as (
    select a.document_id, a.job_id, a.started_at, a.finished_at, a.outcome, a.error_class, a.error_code, a.metrics
    from public.processing_attempts a
    where reader is null and a.finished_at >= since and a.finished_at < until
    union all
    select a.document_id, a.job_id, a.started_at, a.finished_at, a.outcome, a.error_class, a.error_code, a.metrics
    from visible v
    join public.processing_attempts a on a.document_id = v.id and a.finished_at >= since and a.finished_at < until
  ), observed as (
    select date_trunc('hour', e.finished_at, 'UTC') as hour, coalesce(j.strategy, '') as strategy, e.outcome,
           coalesce(e.error_class, '') as error_class, coalesce(left(e.error_code, 100), '') as error_code, o.stage,
           o.microseconds,
           case when o.stage = '' and jsonb_typeof(e.metrics -> 'pages') = 'number'
             then least(greatest(round((e.metrics ->> 'pages')::numeric), 0), 1000000000)::bigint end as pages,
           case when o.stage = '' and jsonb_typeof(e.metrics -> 'pages_failed') = 'number'
             then least(greatest(round((e.metrics ->> 'pages_failed')::numeric), 0), 1000000000)::bigint end as pages_failed
    from ended e
    join public.processing_jobs j on j.document_id = e.document_id and j.id = e.job_id
    cross join lateral (
      select '' as stage, greatest(coalesce(extract(epoch from e.finished_at - e.started_at), 0) * 1000000, 0)::bigint
        as microseconds
      union all
      (select left(s.key, 50), least(greatest(round((s.value #>> '{}')::numeric * 1000), 0), 1000000000000)::bigint
      from jsonb_each(case when jsonb_typeof(e.metrics -> 'stages') = 'object' then e.metrics -> 'stages' end) s
      where s.key <> '' and jsonb_typeof(s.value) = 'number'
      limit 20)
    ) o
  )
  select o.hour, o.strategy, o.outcome, o.error_class, o.error_code, o.stage, width_bucket(o.microseconds, bounds),
         count(*), sum(o.microseconds)::bigint, max(o.microseconds), coalesce(sum(o.pages), 0)::bigint,
         coalesce(sum(o.pages_failed), 0)::bigint
  from observed o
  group by 1, 2, 3, 4, 5, 6, 7;
end
$$;

CREATE FUNCTION colophon.count_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'INSERT' then
    perform colophon.count_usage(r.owner, r.documents, 0)
    from (select coalesce(n.uploaded_by, '') as owner, count(*) as documents from new_rows n group by 1 order by 1) as r;
  else
    perform colophon.count_usage(r.owner, -r.documents, 0)
    from (select coalesce(o.uploaded_by, '') as owner, count(*) as documents from old_rows o group by 1 order by 1) as r;
  end if;
  return null;
end
$$;

CREATE FUNCTION colophon.count_job_schedules() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform from public.documents d where d.id = new.document_id for no key update;
  if (select count(*) from public.job_schedules s where s.document_id = new.document_id) > 20 then
    raise exception 'document % has 20 schedules already, the most that one may have; delete one first', new.document_id
      using errcode = 'check_violation', constraint = 'job_schedules_count_check',
            schema = 'public', table = 'job_schedules';
  end if;
  return null;
end
$$;

CREATE FUNCTION colophon.count_stored_bytes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'INSERT' then
    perform colophon.count_usage(r.owner, 0, r.bytes)
    from (select n.owner, sum(n.file_size_bytes)::bigint as bytes from new_rows n where n.state = 'stored'
      group by n.owner order by n.owner) as r;
  elsif tg_op = 'DELETE' then
    perform colophon.count_usage(r.owner, 0, -r.bytes)
    from (select o.owner, sum(o.file_size_bytes)::bigint as bytes from old_rows o where o.state = 'stored'
      group by o.owner order by o.owner) as r;
  else
    perform colophon.count_usage(r.owner, 0, r.bytes)
    from (
      select c.owner, sum(c.bytes)::bigint as bytes
      from (
        select n.owner, n.file_size_bytes as bytes from new_rows n where n.state = 'stored'
        union all
        select o.owner, -o.file_size_bytes from old_rows o where o.state = 'stored'
      ) as c
      group by c.owner having sum(c.bytes) <> 0 order by c.owner) as r;
  end if;
  return null;
end
$$;

CREATE FUNCTION colophon.count_usage(owner text, documents bigint, bytes bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  now_used colophon.owner_usage;
  quota colophon.quotas;
begin
  insert into colophon.owner_usage as u (owner, document_count, stored_bytes)
  values (count_usage.owner, count_usage.documents, count_usage.bytes)
  on conflict on constraint owner_usage_pkey do update
    set document_count = u.document_count + excluded.document_count, stored_bytes = u.stored_bytes + excluded.stored_bytes
  returning u.* into now_used;
  if count_usage.owner = '' or (count_usage.documents <= 0 and count_usage.bytes <= 0) then
    return;
  end if;
  select q.* into quota from colophon.quotas q where q.owner in (count_usage.owner, '*')
  order by q.owner = '*' limit 1;
  if (count_usage.documents > 0 and now_used.document_count > quota.max_documents)
    or (count_usage.bytes > 0 and now_used.stored_bytes > quota.max_bytes)
  then
    raise exception 'the quota is used up: % of % documents, % of % bytes, and this would be % documents and % bytes more',
      now_used.document_count - count_usage.documents, coalesce(quota.max_documents::text, 'any number of'),
      now_used.stored_bytes - count_usage.bytes, coalesce(quota.max_bytes::text, 'any number of'),
      count_usage.documents, count_usage.bytes
      using errcode = 'check_violation', constraint = 'quotas_check', schema = 'colophon', table = 'quotas',
            hint = 'purge documents that are not needed (the trash counts too), or have the quota raised';
  end if;
end
$$;

CREATE FUNCTION colophon.document_in_view() RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  hint constant text := current_setting('colophon.document_id', true);
begin
  if hint is null or hint = '' then
    return null;
  end if;
  return (select d.id from public.documents d where d.id = hint::uuid);
end
$$;

CREATE FUNCTION colophon.drop_live_work() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from public.job_queue q
  where q.job_id in (
    select w.job_id
    from public.processing_jobs j
    join public.job_queue w on w.job_id = j.id
    where j.document_id = old.id and j.completed_at is null
    for update of w skip locked);
  return old;
end
$$;

CREATE FUNCTION colophon.field_value(value jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return case jsonb_typeof(value)
    when 'number' then colophon.field_value(trim_scale((value #>> '{}')::numeric)::text)
    when 'string' then colophon.field_value(value #>> '{}')
    when 'boolean' then colophon.field_value(value #>> '{}')
  end;
end
$$;

CREATE FUNCTION colophon.field_value(plain text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $_$
declare
  digits text;
begin
  if char_length(plain) > 200 then
    return null;
  end if;
  if plain !~ '^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$' then
    return '=' || plain;
  end if;
  -- The bits of a float sort as the numbers do once the sign is turned, and all of them where it is negative. The number
  -- itself, behind it, tells apart what a float cannot.
  digits := encode(float8send(plain::double precision), 'hex');
  digits := case when digits < '8' collate "C"
    then translate(left(digits, 1), '01234567', '89abcdef') || substr(digits, 2)
    else translate(digits, '0123456789abcdef', 'fedcba9876543210') end;
  return '#' || digits || ' ' || plain;
end
$_$;

CREATE FUNCTION colophon.fields_of(tags text[], metadata jsonb) RETURNS TABLE(field text, value text)
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return query
    select 'tags', colophon.field_value(t.tag) from unnest(tags) t (tag)
    union all
    (select 'metadata.' || e.key, colophon.field_value(e.value)
     from jsonb_each(metadata) e (key, value)
     where char_length(e.key) <= 100 and colophon.field_value(e.value) is not null
     limit 200);
end
$$;

CREATE FUNCTION colophon.fill_document_of_job() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  select j.document_id into new.document_id from public.processing_jobs j where j.id = new.job_id;
  return new;
end
$$;

CREATE FUNCTION colophon.fill_document_of_zone() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  select z.document_id into new.document_id from public.zones z where z.id = new.zone_id;
  return new;
end
$$;

CREATE FUNCTION colophon.fill_live_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  job public.processing_jobs;
begin
  select j.* into job from public.processing_jobs j where j.document_id = new.document_id and j.id = new.job_id;
  if found then
    new.queue := job.queue;
    new.strategy := coalesce(job.strategy, '');
    new.priority := job.priority;
    new.max_attempts := job.max_attempts;
    new.timeout_seconds := job.timeout_seconds;
    new.job_key := job.job_key;
    new.is_whole := job.page_numbers is null and job.zone_ids is null;
    new.run_at := coalesce(job.run_at, new.run_at);
    if new.state = 'queued' then
      new.state := case when job.depends_on is not null then 'waiting'
                        when new.run_at > clock_timestamp() then 'scheduled' else 'queued' end;
    end if;
  end if;
  new.owner := (select d.uploaded_by from public.documents d where d.id = new.document_id);
  new.position := colophon.next_position(new.queue, new.strategy, new.priority, new.owner);
  return new;
end
$$;

CREATE FUNCTION colophon.fill_version_of_zone() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.version := coalesce((select d.version from public.documents d where d.id = new.document_id), 1);
  return new;
end
$$;

CREATE FUNCTION colophon.finish_upload(upload_id uuid, lease_seq bigint, document_id uuid, version integer, job_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update colophon.uploads u
  set upload_offset = u.upload_length, resumption = null, document_id = finish_upload.document_id,
      version = finish_upload.version, job_id = finish_upload.job_id, lease_until = null, updated_at = now()
  where u.id = upload_id and u.lease_seq = finish_upload.lease_seq and u.resumption is not null
    and (u.owner = (select auth.uid())::text or coalesce(current_setting('role', true), '') = 'service_role');
  return found;
end
$$;

CREATE FUNCTION colophon.follow_version() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  current public.document_versions;
begin
  select v.* into current from public.document_versions v where v.document_id = new.id and v.version = new.version;
  if not found then
    raise exception 'document % has no version %', new.id, new.version
      using errcode = 'foreign_key_violation', constraint = 'documents_version_fkey', schema = 'public', table = 'documents';
  end if;
  new.file_size_bytes := current.file_size_bytes;
  new.page_count := current.page_count;
  new.mime_type := current.mime_type;
  new.storage_path := current.storage_path;
  new.sha256 := current.sha256;
  new.status := colophon.status_of_version(new.id, new.version);
  new.status_detail := current.status_detail;
  return new;
end
$$;

CREATE FUNCTION colophon.guard_legal_hold() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise exception 'document % is under legal hold (%): it cannot be deleted until the hold is lifted', old.id, old.legal_hold
    using errcode = 'check_violation', constraint = 'documents_legal_hold_check', schema = 'public', table = 'documents';
end
$$;

CREATE FUNCTION colophon.guard_trash() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if current_user = 'authenticated' and new.uploaded_by is distinct from (select auth.uid())::text then
    raise exception 'only its owner may put document % into the trash or take it back', new.id
      using errcode = 'insufficient_privilege';
  end if;
  if new.deleted_at is not null and new.legal_hold is not null then
    raise exception 'document % is under legal hold (%): it cannot be deleted until the hold is lifted', new.id, new.legal_hold
      using errcode = 'check_violation', constraint = 'documents_legal_hold_check', schema = 'public', table = 'documents';
  end if;
  new.deleted_at := case when new.deleted_at is null then null else coalesce(old.deleted_at, now()) end;
  new.deleted_by := case when new.deleted_at is null then null else coalesce(old.deleted_by, (auth.uid())::text) end;
  return new;
end
$$;

CREATE FUNCTION colophon.index_document_fields() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if new.deleted_at is not null then
    delete from colophon.document_fields f where f.document_id = new.id;
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into colophon.document_fields (document_id, field, value, uploaded_by, created_at)
    select new.id, w.field, w.value, new.uploaded_by, new.created_at
    from colophon.fields_of(new.tags, new.metadata) w;
    return null;
  end if;
  with wanted as materialized (
    select w.field, w.value from colophon.fields_of(new.tags, new.metadata) w
  ), gone as (
    delete from colophon.document_fields f
    where f.document_id = new.id
      and not exists (select from wanted w where w.field = f.field collate "C" and w.value = f.value collate "C")
  )
  insert into colophon.document_fields as f (document_id, field, value, uploaded_by, created_at)
  select new.id, w.field, w.value, new.uploaded_by, new.created_at from wanted w
  on conflict (document_id, field, value) do update
    set uploaded_by = excluded.uploaded_by, created_at = excluded.created_at
    where (f.uploaded_by, f.created_at) is distinct from (excluded.uploaded_by, excluded.created_at);
  return null;
end
$$;

CREATE TABLE public.document_changes (
    document_id uuid NOT NULL,
    revision bigint NOT NULL,
    kind text NOT NULL,
    version integer NOT NULL,
    changed_by text,
    job_id uuid,
    processing_tool text,
    processing_model text,
    reason text,
    undoes bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT document_changes_changed_by_check CHECK ((char_length(changed_by) <= 255)),
    CONSTRAINT document_changes_kind_check CHECK ((kind = ANY (ARRAY['edit'::text, 'run'::text, 'import'::text, 'resolve'::text, 'undo'::text]))),
    CONSTRAINT document_changes_processing_model_check CHECK ((char_length(processing_model) <= 100)),
    CONSTRAINT document_changes_processing_tool_check CHECK ((char_length(processing_tool) <= 100)),
    CONSTRAINT document_changes_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 1000)))
);

CREATE FUNCTION colophon.is_own_word(change public.document_changes) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select change.changed_by is not null and change.kind in ('edit', 'resolve')
$$;

CREATE FUNCTION colophon.is_undone(of_document uuid, of_revision bigint) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select of_revision = any (colophon.undone_revisions(of_document))
$$;

CREATE FUNCTION colophon.job_statistics(since timestamp with time zone, until timestamp with time zone, by_day boolean, by_strategy boolean, by_error boolean) RETURNS TABLE(day timestamp with time zone, strategy text, outcome text, error_class text, error_code text, stage text, bucket integer, observations bigint, microseconds bigint, longest bigint, pages bigint, pages_failed bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  reads_all constant boolean := coalesce(current_setting('role', true), '') = 'service_role';
  reader constant text := case when reads_all then null else coalesce(auth.uid()::text, '') end;
  counted_until constant timestamptz := case when reads_all
    then coalesce((select p.counted_until from colophon.processing_statistics_progress p), '-infinity')
    else '-infinity' end;
  hours_until constant timestamptz := least(until, counted_until);
  -- Whole days, and hours before and behind them.
  days_since timestamptz := date_trunc('day', since + interval '1 day' - interval '1 microsecond', 'UTC');
  days_until timestamptz := date_trunc('day', hours_until, 'UTC');
begin
  if days_since >= days_until then
    days_since := hours_until;
    days_until := hours_until;
  end if;
  return query
  with counted as (
    select s.* from colophon.processing_statistics s
    where s.grain = 'day' and s.since >= days_since and s.since < days_until
    union all
    select s.* from colophon.processing_statistics s
    where s.grain = 'hour' and s.since >= job_statistics.since and s.since < days_since
    union all
    select s.* from colophon.processing_statistics s
    where s.grain = 'hour' and s.since >= days_until and s.since < hours_until
    union all
    select 'hour', c.* from colophon.count_attempts(greatest(job_statistics.since, counted_until), until, reader) c
  )
  select case when by_day then date_trunc('day', c.since, 'UTC') end, case when by_strategy then c.strategy end, c.outcome,
         case when by_error then c.error_class end, case when by_error then c.error_code end, c.stage, c.bucket,
         sum(c.observations)::bigint, sum(c.microseconds)::bigint, max(c.longest), sum(c.pages)::bigint,
         sum(c.pages_failed)::bigint
  from counted c
  group by 1, 2, 3, 4, 5, 6, 7;
end
$$;

CREATE FUNCTION colophon.job_transitions() RETURNS TABLE(from_status text, to_status text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  values
    ('queued', 'running'), ('queued', 'paused'), ('queued', 'cancelled'), ('queued', 'failed'),
    ('running', 'completed'), ('running', 'partially_completed'), ('running', 'failed'), ('running', 'cancelled'),
    ('running', 'retrying'), ('running', 'paused'), ('running', 'queued'),
    ('retrying', 'running'), ('retrying', 'paused'), ('retrying', 'cancelled'), ('retrying', 'failed'),
    ('paused', 'queued'), ('paused', 'cancelled'),
    ('failed', 'queued'), ('partially_completed', 'queued'), ('cancelled', 'queued')
$$;

CREATE FUNCTION colophon.keep_zone_confidence() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'DELETE' then
    -- A purge keeps nothing (as colophon.zone_deleted), and neither does a document that goes.
    if coalesce(current_setting('role', true), '') <> 'authenticated'
      and current_setting('colophon.purging', true) = old.document_id::text
    then
      return null;
    end if;
    perform from public.documents d where d.id = old.document_id;
    if not found then
      return null;
    end if;
  end if;
  update public.zone_confidence_history h
  set stands = false, until_at = clock_timestamp(), processing_model = old.processing_model, job_id = old.job_id,
      zone_type = old.zone_type, page_number = old.page_number
  where h.document_id = old.document_id and h.zone_id = old.id and h.stands;
  if not found then
    insert into public.zone_confidence_history
      (document_id, zone_id, confidence, processing_tool, processing_model, job_id, zone_type, page_number, recorded_at,
       until_at)
    values
      (old.document_id, old.id, old.confidence, old.processing_tool, old.processing_model, old.job_id, old.zone_type,
       old.page_number,
       -- It was observed when it took the place of the one before.
       coalesce((select max(h.until_at) from public.zone_confidence_history h
         where h.document_id = old.document_id and h.zone_id = old.id), old.created_at),
       clock_timestamp());
  end if;
  return null;
end
$$;

CREATE FUNCTION colophon.live_job(document_id uuid, job_key text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select q.job_id from public.job_queue q
  where coalesce(q.owner, '') = coalesce((select d.uploaded_by from public.documents d where d.id = live_job.document_id), '')
    and q.job_key = live_job.job_key and colophon.may_process(q.document_id)
$$;

CREATE FUNCTION colophon.live_jobs(status text, most bigint) RETURNS TABLE(document_id uuid, job_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO ''
    AS $$
  select q.document_id, q.job_id
  from public.job_queue q
  where case live_jobs.status
      when 'queued' then q.state in ('queued', 'scheduled', 'waiting')
      when 'retrying' then q.state in ('queued', 'scheduled')
      else q.state = live_jobs.status end
    and (current_setting('role', true) = 'service_role' or q.owner = (select auth.uid())::text
      or q.document_id in (select colophon.shared_documents('viewer')))
  limit most
$$;

CREATE FUNCTION colophon.uuid_v7() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select encode(
      substring(int8send(t.micros / 1000) from 3)
      || int2send((28672 + t.micros % 1000 * 4096 / 1000)::smallint)  -- 28672 is the version, 0x7000
      || substring(uuid_send(gen_random_uuid()) from 9),
    'hex')::uuid
  from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros) t
$$;

CREATE TABLE public.processing_jobs (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    strategy text,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    progress numeric DEFAULT 0,
    current_zone_id uuid,
    total_zones integer,
    completed_zones integer DEFAULT 0,
    error_count integer DEFAULT 0,
    options jsonb DEFAULT '{}'::jsonb,
    metrics jsonb DEFAULT '{}'::jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL,
    priority smallint DEFAULT 2 NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    max_attempts smallint DEFAULT 5 NOT NULL,
    total_pages integer,
    completed_pages integer DEFAULT 0 NOT NULL,
    error_code text,
    error_message text,
    created_by text DEFAULT (auth.uid())::text,
    status_changed_at timestamp with time zone DEFAULT now() NOT NULL,
    page_numbers integer[],
    zone_ids uuid[],
    run_at timestamp with time zone,
    timeout_seconds integer,
    job_key text,
    depends_on uuid[],
    error_class text,
    CONSTRAINT processing_jobs_attempt_check CHECK (((attempt >= 0) AND ((max_attempts >= 1) AND (max_attempts <= 100)))),
    CONSTRAINT processing_jobs_completed_at_check CHECK (((completed_at IS NOT NULL) = (status = ANY (ARRAY['completed'::text, 'partially_completed'::text, 'failed'::text, 'cancelled'::text])))),
    CONSTRAINT processing_jobs_counts_check CHECK (((total_zones >= 0) AND (completed_zones >= 0) AND (error_count >= 0) AND (total_pages >= 0) AND (completed_pages >= 0))),
    CONSTRAINT processing_jobs_depends_on_check CHECK (((cardinality(depends_on) >= 1) AND (cardinality(depends_on) <= 100))),
    CONSTRAINT processing_jobs_error_class_check CHECK ((error_class = ANY (ARRAY['transient'::text, 'permanent'::text, 'poison'::text]))),
    CONSTRAINT processing_jobs_job_key_check CHECK (((char_length(job_key) >= 1) AND (char_length(job_key) <= 200))),
    CONSTRAINT processing_jobs_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT processing_jobs_progress_check CHECK (((progress >= (0)::numeric) AND (progress <= (100)::numeric))),
    CONSTRAINT processing_jobs_queue_check CHECK (((char_length(queue) >= 1) AND (char_length(queue) <= 50))),
    CONSTRAINT processing_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'paused'::text, 'retrying'::text, 'completed'::text, 'partially_completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT processing_jobs_strategy_check CHECK ((char_length(strategy) <= 50)),
    CONSTRAINT processing_jobs_timeout_seconds_check CHECK (((timeout_seconds >= 1) AND (timeout_seconds <= 604800))),
    CONSTRAINT processing_jobs_units_check CHECK ((((page_numbers IS NULL) OR (zone_ids IS NULL)) AND (cardinality(page_numbers) > 0) AND (cardinality(zone_ids) > 0) AND (0 < ALL (page_numbers))))
)
WITH (fillfactor='60');

CREATE FUNCTION colophon.lock_job(id uuid) RETURNS public.processing_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  job public.processing_jobs;
begin
  perform from public.job_queue q where q.job_id = lock_job.id for update;
  select j.* into job from public.processing_jobs j where j.id = lock_job.id;
  if not found or not colophon.may_process(job.document_id) then return null; end if;
  if job.page_numbers is null and job.zone_ids is null then
    perform from public.documents d where d.id = job.document_id for no key update;
  end if;
  select j.* into job from public.processing_jobs j
  where j.document_id = job.document_id and j.id = lock_job.id for no key update;
  return job;
end
$$;

CREATE FUNCTION colophon.may_process(document_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select current_setting('role', true) = 'service_role' or exists (
    select from public.documents d
    where d.id = may_process.document_id
      and (d.uploaded_by = (select auth.uid())::text
        or (d.deleted_at is null and d.id in (select colophon.shared_documents('editor')))))
$$;

CREATE TABLE public.metadata_schemas (
    owner text DEFAULT (auth.uid())::text NOT NULL,
    schema jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    CONSTRAINT metadata_schemas_owner_check CHECK (((char_length(owner) >= 1) AND (char_length(owner) <= 255))),
    CONSTRAINT metadata_schemas_schema_check CHECK (((jsonb_typeof(schema) = 'object'::text) AND (octet_length((schema)::text) <= 131072)))
);

CREATE FUNCTION colophon.metadata_schema_of(document_id uuid) RETURNS SETOF public.metadata_schemas
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path TO ''
    AS $$
  select s.*
  from public.documents d join public.metadata_schemas s on s.owner = d.uploaded_by
  where d.id = metadata_schema_of.document_id
    and (coalesce(current_setting('role', true), '') = 'service_role' or d.uploaded_by = (select auth.uid())::text
      or (d.deleted_at is null and d.id in (select colophon.shared_documents('editor'))))
$$;

CREATE FUNCTION colophon.next_position(queue text, strategy text, priority smallint, owner text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    SET enable_sort TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
declare
  now_at bigint := coalesce((
    select p.position from colophon.job_positions p
    where p.queue = next_position.queue and p.strategy = next_position.strategy and p.priority = next_position.priority), 0);
  last bigint;
begin
  if next_position.owner is null then
    select q.position into last
    from public.job_queue q
    where q.state = 'queued' and q.queue = next_position.queue and q.strategy = next_position.strategy
      and q.priority = next_position.priority and q.owner is null and q.position > now_at
    order by q.owner desc, q.position desc
    limit 1;
  else
    select q.position into last
    from public.job_queue q
    where q.state = 'queued' and q.queue = next_position.queue and q.strategy = next_position.strategy
      and q.priority = next_position.priority and q.owner = next_position.owner and q.position > now_at
    order by q.position desc
    limit 1;
  end if;
  return 1 + coalesce(last, now_at);
end
$$;

CREATE FUNCTION colophon.next_revision() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := now();
  new.revision := old.revision + 1;
  return new;
end
$$;

CREATE FUNCTION colophon.note_incomplete_job() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if new.status in ('partially_completed', 'failed', 'cancelled') then
    insert into colophon.incomplete_jobs as i (document_id, job_id, status, created_at)
    values (new.document_id, new.id, new.status, new.created_at)
    on conflict (document_id, job_id) do update set status = excluded.status;
  else
    delete from colophon.incomplete_jobs i where i.document_id = new.document_id and i.job_id = new.id;
  end if;
  return null;
end
$$;

CREATE FUNCTION colophon.open_change(of_document uuid) RETURNS public.document_changes
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  change public.document_changes;
begin
  select c.* into change
  from public.documents d
  join public.document_changes c on c.document_id = d.id and c.revision = d.zones_revision
  where d.id = of_document and c.transaction_id = pg_current_xact_id() and c.created_at >= now();
  if not found and exists (select from public.documents d where d.id = of_document) then
    perform colophon.begin_change(of_document);
    select c.* into change
    from public.documents d
    join public.document_changes c on c.document_id = d.id and c.revision = d.zones_revision
    where d.id = of_document;
  end if;
  return change;
end
$$;

CREATE FUNCTION colophon.open_share_link(token text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  caller constant uuid := auth.uid();
  share public.document_shares;
begin
  if caller is null then
    raise exception 'a link is opened by a person: sign in first' using errcode = 'insufficient_privilege';
  end if;
  select s.* into share
  from colophon.document_share_tokens t
  join public.document_shares s on s.document_id = t.document_id and s.id = t.share_id
  where t.token_hash = sha256(convert_to(open_share_link.token, 'UTF8'))
    and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
    and exists (select from public.documents d where d.id = t.document_id and d.deleted_at is null)
  for update of s;
  if not found then
    raise exception 'the link opens nothing: it is unknown, revoked or over; ask for a new one' using errcode = 'PT404';
  end if;
  if exists (select from public.documents d where d.id = share.document_id and d.uploaded_by = caller::text) then
    return share.document_id;
  end if;
  if not exists (select from public.document_share_uses u
    where u.document_id = share.document_id and u.share_id = share.id and u.user_id = caller)
  then
    if share.max_uses <= (select count(*) from public.document_share_uses u
      where u.document_id = share.document_id and u.share_id = share.id)
    then
      raise exception 'the link opens nothing: it is unknown, revoked or over; ask for a new one' using errcode = 'PT404';
    end if;
    insert into public.document_share_uses (document_id, share_id, user_id)
    values (share.document_id, share.id, caller);
  end if;
  insert into public.document_accesses (document_id, share_id, user_id, action)
  values (share.document_id, share.id, caller, 'opened');
  return share.document_id;
end
$$;

CREATE FUNCTION colophon.pause_job(id uuid) RETURNS TABLE(document_id uuid, status text, changed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  job public.processing_jobs;
  live public.job_queue;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  select q.* into live from public.job_queue q where q.job_id = pause_job.id;
  if live.job_id is null or job.status not in ('queued', 'running', 'retrying') then
    return query select job.document_id, job.status, false;
    return;
  end if;
  if live.state = 'running' then
    insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome, worker, started_at)
    values (live.document_id, live.job_id, live.lease_seq, live.attempt, 'released', live.worker, live.started_at);
  end if;
  update public.job_queue q
  set state = 'paused', lease_seq = q.lease_seq + 1, lease_until = null, deadline_at = null, worker = null, started_at = null,
      attempt = case when live.state = 'running' then greatest(q.attempt - 1, 0) else q.attempt end
  where q.job_id = pause_job.id;
  update public.processing_jobs j set status = 'paused' where j.document_id = job.document_id and j.id = pause_job.id;
  perform colophon.settle_document(job);
  return query select job.document_id, 'paused'::text, true;
end
$$;

CREATE FUNCTION colophon.pick_jobs(queue text, strategy text, priority smallint, from_position bigint, full_owners text[], most bigint) RETURNS TABLE(place tid, owner text, "position" bigint)
    LANGUAGE plpgsql ROWS 1
    SET search_path TO ''
    SET enable_sort TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
begin
  return query
  select q.ctid, q.owner, q.position
  from public.job_queue q
  where q.state = 'queued' and q.queue = pick_jobs.queue and q.strategy = pick_jobs.strategy
    and q.priority = pick_jobs.priority and q.position >= pick_jobs.from_position
    and (q.owner is null or q.owner <> all (pick_jobs.full_owners))
  order by q.position
  limit pick_jobs.most
  for update skip locked;
end
$$;

CREATE FUNCTION colophon.purge_history(of_document uuid, piece bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  states bigint;
  confidences bigint;
  corrections bigint;
begin
  if current_setting('colophon.purging', true) is distinct from of_document::text or not exists (
    select from public.documents d where d.id = of_document and d.deleted_at is not null and d.legal_hold is null)
  then
    raise exception 'document % is not being purged, so its history stays', of_document
      using errcode = 'insufficient_privilege';
  end if;
  delete from public.zone_history h where h.ctid in (
    select p.ctid from public.zone_history p where p.document_id = of_document limit piece);
  get diagnostics states = row_count;
  delete from public.zone_confidence_history h where h.ctid in (
    select p.ctid from public.zone_confidence_history p where p.document_id = of_document limit piece);
  get diagnostics confidences = row_count;
  delete from public.user_corrections c where c.ctid in (
    select p.ctid from public.user_corrections p where p.document_id = of_document limit piece);
  get diagnostics corrections = row_count;
  return greatest(states, confidences, corrections);
end
$$;

CREATE FUNCTION colophon.queue_document() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.documents set status = 'queued', status_detail = null
  where id = new.document_id and version = new.version
    and status in ('uploaded', 'processed', 'partially_processed', 'failed');
  return null;
end
$$;

CREATE FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  caller constant uuid := auth.uid();
  owner text;
  in_trash boolean;
  by_share uuid;
begin
  if caller is null and coalesce(current_setting('role', true), '') <> 'service_role' then
    raise exception 'an access needs a name: sign in first' using errcode = 'insufficient_privilege';
  end if;
  select d.uploaded_by, d.deleted_at is not null into owner, in_trash
  from public.documents d where d.id = of_document;
  if not found or (in_trash and caller is not null and owner is distinct from caller::text) then
    return;
  end if;
  if owner = caller::text then
    if what <> 'signed_url_used' then
      return;
    end if;
  elsif caller is not null then
    select s.id into by_share
    from public.document_shares s
    where s.document_id = of_document and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
      and (s.user_id = caller or exists (select from public.document_share_uses u
        where u.document_id = of_document and u.share_id = s.id and u.user_id = caller))
    order by s.role, s.created_at
    limit 1;
    if not found then
      return;
    end if;
  end if;
  if in_part and exists (select from public.document_accesses a
    where a.document_id = of_document and a.created_at > now() - interval '5 minutes'
      and a.action = what and a.user_id is not distinct from caller)
  then
    return;
  end if;
  insert into public.document_accesses (document_id, share_id, user_id, action)
  values (of_document, by_share, caller, what);
end
$$;

CREATE FUNCTION colophon.record_job_transition() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into public.processing_history (document_id, job_id, action, status, details, error_message, duration_ms)
  values (
    new.document_id, new.id,
    case
      when tg_op = 'INSERT' then 'enqueued'
      when new.status = 'running' then 'claimed'
      when new.status = 'retrying' then 'retry_scheduled'
      when new.status = 'queued' then 'requeued'
      else new.status
    end,
    new.status,
    jsonb_strip_nulls(jsonb_build_object(
      'from', case when tg_op = 'UPDATE' then old.status end,
      'attempt', new.attempt, 'strategy', new.strategy, 'error_code', new.error_code)),
    new.error_message,
    case when tg_op = 'UPDATE' then
      least(extract(epoch from new.status_changed_at - old.status_changed_at) * 1000, 2147483647)::integer end);
  return null;
end
$$;

CREATE FUNCTION colophon.release_object(document_id uuid, storage_path text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update colophon.objects o set state = 'released', changed_at = now()
  where o.document_id = release_object.document_id and o.storage_path = release_object.storage_path
    and o.state = 'stored'
    and not exists (select from public.document_versions v
      where v.document_id = release_object.document_id and v.storage_path = release_object.storage_path)
$$;

CREATE FUNCTION colophon.release_object_of_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform colophon.release_object(old.document_id, old.storage_path);
  return null;
end
$$;

CREATE FUNCTION colophon.release_objects_of_export() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform colophon.release_object(old.document_id, f.file ->> 'storage_path')
  from jsonb_array_elements(old.file_paths) as f (file);
  return null;
end
$$;

CREATE FUNCTION colophon.resume_job(id uuid) RETURNS TABLE(document_id uuid, status text, changed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  job public.processing_jobs;
  live public.job_queue;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  select q.* into live from public.job_queue q where q.job_id = resume_job.id;
  if live.job_id is null or job.status <> 'paused' then
    return query select job.document_id, job.status, false;
    return;
  end if;
  -- Its turn had come before: it stands where the queue is now.
  update public.job_queue q
  set state = case when job.depends_on is not null then 'waiting'
                   when q.run_at > clock_timestamp() then 'scheduled' else 'queued' end,
      position = greatest(q.position, coalesce((select p.position from colophon.job_positions p
        where p.queue = q.queue and p.strategy = q.strategy and p.priority = q.priority), 0))
  where q.job_id = resume_job.id;
  update public.processing_jobs j set status = 'queued' where j.document_id = job.document_id and j.id = resume_job.id;
  perform colophon.settle_document(job);
  return query select job.document_id, 'queued'::text, true;
end
$$;

CREATE FUNCTION colophon.retry_job(id uuid) RETURNS TABLE(document_id uuid, status text, changed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  job public.processing_jobs;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  -- What waits for its time need wait no longer.
  if job.status = 'retrying' then
    update public.job_queue q set run_at = clock_timestamp() where q.job_id = retry_job.id and q.state = 'scheduled';
    return query select job.document_id, job.status, found;
    return;
  end if;
  if job.status not in ('failed', 'partially_completed', 'cancelled') then
    return query select job.document_id, job.status, false;
    return;
  end if;
  update public.processing_jobs j
  set status = 'queued', completed_at = null, run_at = null, error_code = null, error_message = null, error_class = null,
      max_attempts = least(100, j.attempt + 5)
  where j.document_id = job.document_id and j.id = retry_job.id;
  delete from public.job_queue q where q.job_id = retry_job.id;
  insert into public.job_queue (job_id, document_id, strategy, attempt, lease_seq)
  values (job.id, job.document_id, coalesce(job.strategy, ''), job.attempt,
    greatest((extract(epoch from clock_timestamp()) * 1000)::bigint,
      1 + (select max(a.lease_seq) from public.processing_attempts a
        where a.document_id = job.document_id and a.job_id = job.id)));
  perform colophon.settle_document(job);
  return query select job.document_id, 'queued'::text, true;
end
$$;

CREATE FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid, of_language text DEFAULT NULL::text, of_document uuid DEFAULT NULL::uuid, of_page integer DEFAULT NULL::integer) RETURNS TABLE(document_id uuid, filename text, zone_id uuid, page_number integer, zone_index integer, zone_type text, coordinates jsonb, excerpt text, rank real, language text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with query as (
    select colophon.zone_text_query(search_text, of_language) as q,
           (select auth.uid())::text as reader,
           coalesce(current_setting('role', true), '') = 'service_role' as reads_all
  ), hits as (
    select z.document_id, d.filename, z.id, z.page_number, z.zone_index, z.zone_type, z.coordinates, z.content,
           z.language, ts_rank(own.vector, own.q) as rank, own.q
    from query
    join public.zones z on colophon.zone_text_vector(z.content, z.language) operator(pg_catalog.@@) query.q
    join public.documents d on d.id = z.document_id and d.version = z.version and d.deleted_at is null
    cross join lateral (
      select colophon.zone_text_vector(z.content, z.language) as vector,
             websearch_to_tsquery(colophon.zone_text_config(z.language), search_text) as q
      offset 0
    ) own
    where (query.reads_all or d.uploaded_by = query.reader or d.id in (select colophon.shared_documents('viewer')))
      and (of_document is null or z.document_id = of_document)
      and (of_page is null or z.page_number = of_page)
      and (of_language is null or lower(z.language) = lower(of_language)
        or starts_with(lower(z.language), lower(of_language) || '-'))
      and own.vector operator(pg_catalog.@@) own.q
  ), page as (
    select * from hits h
    where after_id is null or (h.rank, h.id) < (after_rank, after_id)
    order by h.rank desc, h.id desc
    limit result_limit
  )
  select p.document_id, p.filename, p.id, p.page_number, p.zone_index, p.zone_type, p.coordinates,
         ts_headline(colophon.zone_text_config(p.language), colophon.zone_search_text(p.content), p.q,
           'StartSel=«, StopSel=», MaxFragments=2, MaxWords=18, MinWords=6, ShortWord=0'),
         p.rank, p.language
  from page p
  order by p.rank desc, p.id desc
$$;

CREATE FUNCTION colophon.settle_document(job public.processing_jobs) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if job.page_numbers is null and job.zone_ids is null then
    update public.documents d set status = colophon.status_of_version(d.id, d.version), status_detail = null
    where d.id = job.document_id and d.version = job.version
      and d.status is distinct from colophon.status_of_version(d.id, d.version);
  end if;
end
$$;

CREATE FUNCTION colophon.shared_documents(least_role text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO ''
    AS $$
declare
  caller constant uuid := auth.uid();
begin
  return query
    select s.document_id from public.document_shares s
    where s.user_id = caller and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
      and s.role in ('editor', least_role)
    union all
    select s.document_id from public.document_share_uses u
    join public.document_shares s on s.document_id = u.document_id and s.id = u.share_id
    where u.user_id = caller and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
      and s.role in ('editor', least_role);
end
$$;

CREATE FUNCTION colophon.status_of_version(document_id uuid, version integer) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select case
    when v.version is not null and v.page_count is null and v.encryption is not null then 'password_required'
    when v.version is not null and v.page_count is null then 'damaged'
    else coalesce((
      select case j.status
        when 'completed' then 'processed'
        when 'partially_completed' then 'partially_processed'
        when 'failed' then 'failed'
        when 'running' then 'processing'
        else 'queued'
      end
      from public.processing_jobs j
      where j.document_id = status_of_version.document_id and j.version = status_of_version.version
        and j.page_numbers is null and j.zone_ids is null and j.status <> 'cancelled'
      order by j.completed_at is null desc, j.created_at desc, j.id desc
      limit 1), 'uploaded')
  end
  from (select) one
  left join public.document_versions v
    on v.document_id = status_of_version.document_id and v.version = status_of_version.version
$$;

CREATE FUNCTION colophon.take_object(document_id uuid, storage_path text, file_size_bytes bigint, sha256 text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_variable
declare
  found_state text;
  owner constant text := coalesce((select d.uploaded_by from public.documents d where d.id = document_id), '');
begin
  select o.state into found_state from colophon.objects o
  where o.document_id = document_id and o.storage_path = storage_path for update;
  if found_state = 'stored' then
    return;
  elsif found_state = 'intended' then
    update colophon.objects o
    set state = 'stored', intended_until = null, owner = owner, file_size_bytes = file_size_bytes, sha256 = sha256,
        changed_at = now()
    where o.document_id = document_id and o.storage_path = storage_path;
    return;
  elsif found_state is null and split_part(storage_path, '/', 2) = document_id::text then
    insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
    values (document_id, storage_path, owner, 'stored', file_size_bytes, sha256);
    return;
  elsif split_part(storage_path, '/', 1) = owner then
    perform pg_advisory_xact_lock(hashtextextended(storage_path, 0));
    if exists (select from colophon.objects o where o.storage_path = storage_path and o.state = 'stored'
      and o.file_size_bytes = file_size_bytes and o.sha256 = sha256)
    then
      insert into colophon.objects (document_id, storage_path, owner, state, file_size_bytes, sha256)
      values (document_id, storage_path, owner, 'stored', file_size_bytes, sha256)
      on conflict on constraint objects_pkey do update
        set state = 'stored', owner = excluded.owner, file_size_bytes = excluded.file_size_bytes,
            sha256 = excluded.sha256, changed_at = excluded.changed_at;
      return;
    end if;
  end if;
  raise exception 'document % cannot use the object %: it is of another document, or was swept; send the file again',
    document_id, storage_path
    using errcode = 'check_violation', constraint = 'document_versions_storage_path_check';
end
$$;

CREATE FUNCTION colophon.take_object_of_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform colophon.take_object(new.document_id, new.storage_path, new.file_size_bytes, new.sha256);
  return null;
end
$$;

CREATE FUNCTION colophon.take_objects_of_export() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
begin
  perform colophon.take_object(new.document_id, f.file ->> 'storage_path', (f.file ->> 'size_bytes')::bigint,
                               f.file ->> 'sha256')
  from jsonb_array_elements(new.file_paths) as f (file)
  where split_part(f.file ->> 'storage_path', '/', 2) = new.document_id::text
    and f.file ->> 'size_bytes' ~ '^[0-9]{1,18}$' and f.file ->> 'sha256' ~ '^[0-9a-f]{64}$';
  return null;
end
$_$;

CREATE FUNCTION colophon.touch_job_status() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.status_changed_at := clock_timestamp();
  return new;
end
$$;

CREATE FUNCTION colophon.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := now();
  return new;
end
$$;

CREATE FUNCTION colophon.undone_revisions(of_document uuid) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  undone bigint[] := array[]::bigint[];
  undo record;
begin
  -- The newest first: what it undid has no say any more.
  for undo in
    select c.revision, c.undoes from public.document_changes c
    where c.document_id = of_document and c.kind = 'undo' order by c.revision desc
  loop
    if undo.revision <> all (undone) then
      undone := undone || undo.undoes;
    end if;
  end loop;
  return undone;
end
$$;

CREATE FUNCTION colophon.viewers_of(document_ids uuid[]) RETURNS TABLE(document_id uuid, person text)
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select d.id, d.uploaded_by
  from public.documents d
  where d.id = any (viewers_of.document_ids) and d.uploaded_by is not null
  union
  select d.id, s.user_id::text
  from public.documents d
  join public.document_shares s on s.document_id = d.id
  where d.id = any (viewers_of.document_ids) and d.deleted_at is null and s.user_id is not null
    and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
  union
  select d.id, u.user_id::text
  from public.documents d
  join public.document_shares s on s.document_id = d.id
  join public.document_share_uses u on u.document_id = s.document_id and u.share_id = s.id
  where d.id = any (viewers_of.document_ids) and d.deleted_at is null
    and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
$$;

CREATE FUNCTION colophon.zone_brought_back() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  last_revision bigint;
begin
  select max((h.zone ->> 'revision')::bigint) into last_revision
  from public.zone_history h where h.document_id = new.document_id and h.zone_id = new.id;
  new.revision := coalesce(last_revision + 1, new.revision);
  return new;
end
$$;

CREATE FUNCTION colophon.zone_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  change constant public.document_changes := colophon.open_change(old.document_id);
  own_word constant boolean := colophon.is_own_word(change);
  tool_says jsonb := coalesce(old.original, '{}');
  was constant jsonb := jsonb_build_object('content', old.content, 'zone_type', old.zone_type,
    'coordinates', old.coordinates, 'status', old.status);
  becomes constant jsonb := jsonb_build_object('content', new.content, 'zone_type', new.zone_type,
    'coordinates', new.coordinates, 'status', new.status);
  field text;
begin
  new.updated_at := now();
  new.revision := old.revision + 1;
  new.zones_revision := coalesce(change.revision, old.zones_revision);
  if old.status <> new.status and change.kind is distinct from 'undo' and not exists (
    select from colophon.zone_transitions() t where t.from_status = old.status and t.to_status = new.status)
  then
    raise exception 'a zone cannot go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'zones_transition_check', schema = 'public', table = 'zones';
  end if;
  if old.zones_revision <> new.zones_revision then
    insert into public.zone_history (document_id, zone_id, zones_revision, until_revision, zone)
    values (old.document_id, old.id, old.zones_revision, new.zones_revision, to_jsonb(old));
  end if;
  if not own_word then
    return new;
  end if;
  new.created_by := old.created_by;
  foreach field in array array['content', 'zone_type', 'coordinates', 'status'] loop
    continue when was -> field = becomes -> field;
    if not tool_says ? field then
      tool_says := tool_says || jsonb_build_object(field, was -> field);
    elsif tool_says -> field = becomes -> field then
      tool_says := tool_says - field;
    end if;
    continue when coalesce(current_setting('colophon.correction', true), '') = 'none'
      or (field = 'status' and new.status <> 'verified');
    insert into public.user_corrections
      (document_id, id, zone_id, original_content, corrected_content, confidence_before, correction_type, corrected_by,
       zones_revision, before, after, page_number, zone_type, processing_tool, processing_model, reason)
    values
      (old.document_id, colophon.uuid_v7(), old.id, old.content, new.content, old.confidence,
       case field when 'content' then 'text' when 'zone_type' then 'type' when 'coordinates' then 'geometry' else 'accept' end,
       change.changed_by, change.revision, jsonb_build_object(field, was -> field), jsonb_build_object(field, becomes -> field),
       old.page_number, old.zone_type, old.processing_tool, old.processing_model, change.reason);
  end loop;
  -- What a person drew is nobody's but theirs: no tool says otherwise.
  new.original := case when old.created_by is null then nullif(tool_says, '{}') end;
  return new;
end
$$;

CREATE FUNCTION colophon.zone_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  change public.document_changes;
begin
  if coalesce(current_setting('role', true), '') <> 'authenticated'
    and current_setting('colophon.purging', true) = old.document_id::text
  then
    return old;
  end if;
  change := colophon.open_change(old.document_id);
  if change.revision is null then
    return old;
  end if;
  if old.zones_revision <> change.revision then
    insert into public.zone_history (document_id, zone_id, zones_revision, until_revision, zone)
    values (old.document_id, old.id, old.zones_revision, change.revision, to_jsonb(old));
  end if;
  if colophon.is_own_word(change) and coalesce(current_setting('colophon.correction', true), '') <> 'none' then
    insert into public.user_corrections
      (document_id, id, zone_id, original_content, confidence_before, confidence_after, correction_type, corrected_by,
       zones_revision, before, page_number, zone_type, processing_tool, processing_model, reason)
    values
      (old.document_id, colophon.uuid_v7(), old.id, old.content, old.confidence, null, 'delete', change.changed_by,
       change.revision, to_jsonb(old), old.page_number, old.zone_type, old.processing_tool, old.processing_model,
       change.reason);
  end if;
  return old;
end
$$;

CREATE FUNCTION colophon.zone_drawn() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  change constant public.document_changes := colophon.open_change(new.document_id);
begin
  if colophon.is_own_word(change) and coalesce(current_setting('colophon.correction', true), '') <> 'none' then
    insert into public.user_corrections
      (document_id, id, zone_id, corrected_content, correction_type, corrected_by, zones_revision, after, page_number,
       zone_type, reason)
    values
      (new.document_id, colophon.uuid_v7(), new.id, new.content, 'create', change.changed_by, change.revision,
       to_jsonb(new), new.page_number, new.zone_type, change.reason);
  end if;
  return null;
end
$$;

CREATE FUNCTION colophon.zone_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  change constant public.document_changes := colophon.open_change(new.document_id);
begin
  new.zones_revision := coalesce(change.revision, 0);
  if colophon.is_own_word(change) then
    new.created_by := change.changed_by;
    new.original := null;
  end if;
  return new;
end
$$;

CREATE FUNCTION colophon.zone_search_text(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select left(replace(replace(coalesce(content, ''), U&'\00AD', ''), E'-\n', ''), 100000)
$$;

CREATE FUNCTION colophon.zone_text_config(language text) RETURNS regconfig
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return case lower(split_part(language, '-', 1))
    when 'en' then 'colophon.english'::regconfig
    when 'eng' then 'colophon.english'::regconfig
    when 'de' then 'colophon.german'::regconfig
    when 'deu' then 'colophon.german'::regconfig
    when 'ger' then 'colophon.german'::regconfig
    when 'fr' then 'colophon.french'::regconfig
    when 'fra' then 'colophon.french'::regconfig
    when 'fre' then 'colophon.french'::regconfig
    when 'es' then 'colophon.spanish'::regconfig
    when 'spa' then 'colophon.spanish'::regconfig
    when 'it' then 'colophon.italian'::regconfig
    when 'ita' then 'colophon.italian'::regconfig
    when 'nl' then 'colophon.dutch'::regconfig
    when 'nld' then 'colophon.dutch'::regconfig
    when 'dut' then 'colophon.dutch'::regconfig
    when 'pt' then 'colophon.portuguese'::regconfig
    when 'por' then 'colophon.portuguese'::regconfig
    when 'ru' then 'colophon.russian'::regconfig
    when 'rus' then 'colophon.russian'::regconfig
    when 'sv' then 'colophon.swedish'::regconfig
    when 'swe' then 'colophon.swedish'::regconfig
    when 'da' then 'colophon.danish'::regconfig
    when 'dan' then 'colophon.danish'::regconfig
    when 'no' then 'colophon.norwegian'::regconfig
    when 'nor' then 'colophon.norwegian'::regconfig
    when 'nb' then 'colophon.norwegian'::regconfig
    when 'nob' then 'colophon.norwegian'::regconfig
    when 'nn' then 'colophon.norwegian'::regconfig
    when 'nno' then 'colophon.norwegian'::regconfig
    when 'fi' then 'colophon.finnish'::regconfig
    when 'fin' then 'colophon.finnish'::regconfig
    when 'hu' then 'colophon.hungarian'::regconfig
    when 'hun' then 'colophon.hungarian'::regconfig
    when 'ro' then 'pg_catalog.romanian'::regconfig
    when 'ron' then 'pg_catalog.romanian'::regconfig
    when 'rum' then 'pg_catalog.romanian'::regconfig
    when 'tr' then 'colophon.turkish'::regconfig
    when 'tur' then 'colophon.turkish'::regconfig
    when 'el' then 'pg_catalog.greek'::regconfig
    when 'ell' then 'pg_catalog.greek'::regconfig
    when 'gre' then 'pg_catalog.greek'::regconfig
    when 'ar' then 'pg_catalog.arabic'::regconfig
    when 'ara' then 'pg_catalog.arabic'::regconfig
    when 'hy' then 'pg_catalog.armenian'::regconfig
    when 'hye' then 'pg_catalog.armenian'::regconfig
    when 'arm' then 'pg_catalog.armenian'::regconfig
    when 'eu' then 'pg_catalog.basque'::regconfig
    when 'eus' then 'pg_catalog.basque'::regconfig
    when 'baq' then 'pg_catalog.basque'::regconfig
    when 'ca' then 'pg_catalog.catalan'::regconfig
    when 'cat' then 'pg_catalog.catalan'::regconfig
    when 'hi' then 'colophon.hindi'::regconfig
    when 'hin' then 'colophon.hindi'::regconfig
    when 'id' then 'pg_catalog.indonesian'::regconfig
    when 'ind' then 'pg_catalog.indonesian'::regconfig
    when 'ga' then 'pg_catalog.irish'::regconfig
    when 'gle' then 'pg_catalog.irish'::regconfig
    when 'lt' then 'pg_catalog.lithuanian'::regconfig
    when 'lit' then 'pg_catalog.lithuanian'::regconfig
    when 'ne' then 'colophon.nepali'::regconfig
    when 'nep' then 'colophon.nepali'::regconfig
    when 'sr' then 'pg_catalog.serbian'::regconfig
    when 'srp' then 'pg_catalog.serbian'::regconfig
    when 'ta' then 'pg_catalog.tamil'::regconfig
    when 'tam' then 'pg_catalog.tamil'::regconfig
    when 'yi' then 'pg_catalog.yiddish'::regconfig
    when 'yid' then 'pg_catalog.yiddish'::regconfig
    else 'pg_catalog.simple'::regconfig
  end;
end
$$;

CREATE FUNCTION colophon.zone_text_query(search_text text, of_language text DEFAULT NULL::text) RETURNS tsquery
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select coalesce(string_agg(distinct '(' || q.query::text || ')', ' | '), '')::tsquery
  from (
    select websearch_to_tsquery(colophon.zone_text_config(l.language), search_text) as query
    from unnest(case when of_language is not null then array[of_language]
      else '{und,ar,ca,da,de,el,en,es,eu,fi,fr,ga,hi,hu,hy,id,it,lt,ne,nl,no,pt,ro,ru,sr,sv,ta,tr,yi}'::text[] end)
      as l (language)
  ) q
  where numnode(q.query) > 0
$$;

CREATE FUNCTION colophon.zone_text_vector(content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select to_tsvector('pg_catalog.simple'::regconfig, colophon.zone_search_text(content))
$$;

CREATE FUNCTION colophon.zone_text_vector(content text, language text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return to_tsvector(
    case when language is null then 'pg_catalog.simple'::regconfig else colophon.zone_text_config(language) end,
    left(replace(replace(coalesce(content, ''), U&'\00AD', ''), E'-\n', ''), 100000));
end
$$;

CREATE FUNCTION colophon.zone_transitions() RETURNS TABLE(from_status text, to_status text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  values
    ('pending', 'processing'), ('pending', 'completed'), ('pending', 'failed'), ('pending', 'verified'),
    ('processing', 'completed'), ('processing', 'failed'), ('processing', 'pending'),
    ('completed', 'verified'), ('completed', 'processing'), ('completed', 'pending'), ('completed', 'failed'),
    ('failed', 'pending'), ('failed', 'processing'), ('failed', 'completed'),
    ('verified', 'completed')
$$;

CREATE FUNCTION public.create_share_link(document_id uuid, role text DEFAULT 'viewer'::text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, max_uses integer DEFAULT NULL::integer) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  share_id constant uuid := colophon.uuid_v7();
  token constant text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  insert into public.document_shares (document_id, id, role, expires_at, max_uses)
  values (create_share_link.document_id, share_id, create_share_link.role, create_share_link.expires_at,
          create_share_link.max_uses);
  insert into colophon.document_share_tokens (document_id, share_id, token_hash)
  values (create_share_link.document_id, share_id, sha256(convert_to(token, 'UTF8')));
  return token;
end
$$;

CREATE FUNCTION public.open_share_link(token text) RETURNS uuid
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select colophon.open_share_link(token)
$$;

CREATE TEXT SEARCH DICTIONARY colophon.danish_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'danish' );

CREATE TEXT SEARCH DICTIONARY colophon.dutch_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'dutch' );

CREATE TEXT SEARCH DICTIONARY colophon.english_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'english' );

CREATE TEXT SEARCH DICTIONARY colophon.finnish_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'finnish' );

CREATE TEXT SEARCH DICTIONARY colophon.french_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'french' );

CREATE TEXT SEARCH DICTIONARY colophon.german_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'german' );

CREATE TEXT SEARCH DICTIONARY colophon.hungarian_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'hungarian' );

CREATE TEXT SEARCH DICTIONARY colophon.italian_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'italian' );

CREATE TEXT SEARCH DICTIONARY colophon.nepali_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'nepali' );

CREATE TEXT SEARCH DICTIONARY colophon.norwegian_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'norwegian' );

CREATE TEXT SEARCH DICTIONARY colophon.portuguese_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'portuguese' );

CREATE TEXT SEARCH DICTIONARY colophon.russian_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'russian' );

CREATE TEXT SEARCH DICTIONARY colophon.spanish_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'spanish' );

CREATE TEXT SEARCH DICTIONARY colophon.swedish_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'swedish' );

CREATE TEXT SEARCH DICTIONARY colophon.turkish_stem (
    TEMPLATE = pg_catalog.snowball,
    language = 'turkish' );

CREATE TEXT SEARCH CONFIGURATION colophon.danish (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR asciiword WITH colophon.danish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR word WITH colophon.danish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR hword_part WITH colophon.danish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR hword_asciipart WITH colophon.danish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR asciihword WITH colophon.danish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR hword WITH colophon.danish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.danish
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.dutch (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR asciiword WITH colophon.dutch_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR word WITH colophon.dutch_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR hword_part WITH colophon.dutch_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR hword_asciipart WITH colophon.dutch_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR asciihword WITH colophon.dutch_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR hword WITH colophon.dutch_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.dutch
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.english (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR asciiword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR word WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR hword_part WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR hword_asciipart WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR asciihword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR hword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.english
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.finnish (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR asciiword WITH colophon.finnish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR word WITH colophon.finnish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR hword_part WITH colophon.finnish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR hword_asciipart WITH colophon.finnish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR asciihword WITH colophon.finnish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR hword WITH colophon.finnish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.finnish
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.french (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR asciiword WITH colophon.french_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR word WITH colophon.french_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR hword_part WITH colophon.french_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR hword_asciipart WITH colophon.french_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR asciihword WITH colophon.french_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR hword WITH colophon.french_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.french
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.german (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR asciiword WITH colophon.german_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR word WITH colophon.german_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR hword_part WITH colophon.german_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR hword_asciipart WITH colophon.german_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR asciihword WITH colophon.german_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR hword WITH colophon.german_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.german
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.hindi (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR asciiword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR word WITH hindi_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR hword_part WITH hindi_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR hword_asciipart WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR asciihword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR hword WITH hindi_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hindi
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.hungarian (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR asciiword WITH colophon.hungarian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR word WITH colophon.hungarian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR hword_part WITH colophon.hungarian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR hword_asciipart WITH colophon.hungarian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR asciihword WITH colophon.hungarian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR hword WITH colophon.hungarian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.hungarian
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.italian (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR asciiword WITH colophon.italian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR word WITH colophon.italian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR hword_part WITH colophon.italian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR hword_asciipart WITH colophon.italian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR asciihword WITH colophon.italian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR hword WITH colophon.italian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.italian
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.nepali (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR asciiword WITH colophon.nepali_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR word WITH colophon.nepali_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR hword_part WITH colophon.nepali_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR hword_asciipart WITH colophon.nepali_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR asciihword WITH colophon.nepali_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR hword WITH colophon.nepali_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.nepali
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.norwegian (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR asciiword WITH colophon.norwegian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR word WITH colophon.norwegian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR hword_part WITH colophon.norwegian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR hword_asciipart WITH colophon.norwegian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR asciihword WITH colophon.norwegian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR hword WITH colophon.norwegian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.norwegian
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.portuguese (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR asciiword WITH colophon.portuguese_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR word WITH colophon.portuguese_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR hword_part WITH colophon.portuguese_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR hword_asciipart WITH colophon.portuguese_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR asciihword WITH colophon.portuguese_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR hword WITH colophon.portuguese_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.portuguese
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.russian (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR asciiword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR word WITH colophon.russian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR hword_part WITH colophon.russian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR hword_asciipart WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR asciihword WITH colophon.english_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR hword WITH colophon.russian_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.russian
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.spanish (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR asciiword WITH colophon.spanish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR word WITH colophon.spanish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR hword_part WITH colophon.spanish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR hword_asciipart WITH colophon.spanish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR asciihword WITH colophon.spanish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR hword WITH colophon.spanish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.spanish
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.swedish (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR asciiword WITH colophon.swedish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR word WITH colophon.swedish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR hword_part WITH colophon.swedish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR hword_asciipart WITH colophon.swedish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR asciihword WITH colophon.swedish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR hword WITH colophon.swedish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.swedish
    ADD MAPPING FOR uint WITH simple;

CREATE TEXT SEARCH CONFIGURATION colophon.turkish (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR asciiword WITH colophon.turkish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR word WITH colophon.turkish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR hword_part WITH colophon.turkish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR hword_asciipart WITH colophon.turkish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR asciihword WITH colophon.turkish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR hword WITH colophon.turkish_stem;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION colophon.turkish
    ADD MAPPING FOR uint WITH simple;

CREATE TABLE colophon.document_fields (
    document_id uuid NOT NULL,
    field text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    uploaded_by text,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE colophon.document_share_tokens (
    document_id uuid NOT NULL,
    share_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    CONSTRAINT document_share_tokens_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE colophon.idempotency_keys (
    owner text NOT NULL,
    key text NOT NULL,
    request text NOT NULL,
    resource_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    answer jsonb,
    CONSTRAINT idempotency_keys_key_check CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
);

CREATE UNLOGGED TABLE colophon.imported_zones (
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    ordinal bigint NOT NULL,
    page_number integer NOT NULL,
    "position" bigint NOT NULL,
    key text NOT NULL,
    parent_key text,
    id uuid NOT NULL,
    id_given boolean NOT NULL,
    parent_id uuid,
    zone_index integer,
    zone_type text NOT NULL,
    coordinates jsonb NOT NULL,
    content text,
    confidence numeric,
    label text,
    external_id text,
    language text,
    source jsonb,
    metadata jsonb NOT NULL
);

CREATE TABLE colophon.incomplete_jobs (
    document_id uuid NOT NULL,
    job_id uuid NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT incomplete_jobs_status_check CHECK ((status = ANY (ARRAY['partially_completed'::text, 'failed'::text, 'cancelled'::text])))
);

CREATE TABLE colophon.job_positions (
    queue text NOT NULL COLLATE pg_catalog."C",
    strategy text NOT NULL COLLATE pg_catalog."C",
    priority smallint NOT NULL,
    "position" bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500', autovacuum_vacuum_cost_delay='0');

CREATE TABLE colophon.objects (
    document_id uuid NOT NULL,
    storage_path text NOT NULL COLLATE pg_catalog."C",
    owner text NOT NULL,
    state text NOT NULL,
    file_size_bytes bigint,
    sha256 text,
    intended_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    verified_at timestamp with time zone,
    CONSTRAINT objects_intended_until_check CHECK (((state = 'intended'::text) = (intended_until IS NOT NULL))),
    CONSTRAINT objects_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'stored'::text, 'released'::text]))),
    CONSTRAINT objects_storage_path_check CHECK (((char_length(storage_path) >= 1) AND (char_length(storage_path) <= 1024))),
    CONSTRAINT objects_stored_check CHECK (((state <> 'stored'::text) OR ((file_size_bytes >= 0) AND (sha256 ~ '^[0-9a-f]{64}$'::text))))
);

CREATE TABLE colophon.owner_usage (
    owner text NOT NULL,
    document_count bigint DEFAULT 0 NOT NULL,
    stored_bytes bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE colophon.processing_statistics (
    grain text NOT NULL COLLATE pg_catalog."C",
    since timestamp with time zone NOT NULL,
    strategy text NOT NULL COLLATE pg_catalog."C",
    outcome text NOT NULL COLLATE pg_catalog."C",
    error_class text NOT NULL COLLATE pg_catalog."C",
    error_code text NOT NULL COLLATE pg_catalog."C",
    stage text NOT NULL COLLATE pg_catalog."C",
    bucket integer NOT NULL,
    observations bigint NOT NULL,
    microseconds bigint NOT NULL,
    longest bigint NOT NULL,
    pages bigint NOT NULL,
    pages_failed bigint NOT NULL,
    CONSTRAINT processing_statistics_grain_check CHECK ((grain = ANY (ARRAY['hour'::text, 'day'::text])))
);

CREATE TABLE colophon.processing_statistics_progress (
    only_row boolean DEFAULT true NOT NULL,
    counted_until timestamp with time zone NOT NULL,
    CONSTRAINT processing_statistics_progress_only_row_check CHECK (only_row)
);

CREATE TABLE colophon.quotas (
    owner text NOT NULL,
    max_bytes bigint,
    max_documents bigint,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT quotas_limits_check CHECK (((max_bytes >= 0) AND (max_documents >= 0))),
    CONSTRAINT quotas_owner_check CHECK (((char_length(owner) >= 1) AND (char_length(owner) <= 255)))
);

CREATE TABLE colophon.signing_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    secret bytea DEFAULT sha256(convert_to((((gen_random_uuid())::text || (gen_random_uuid())::text) || (gen_random_uuid())::text), 'UTF8'::name)) NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT signing_keys_secret_check CHECK ((octet_length(secret) = 32))
);

CREATE TABLE colophon.uploads (
    id uuid NOT NULL,
    owner text NOT NULL,
    document_id uuid NOT NULL,
    storage_path text NOT NULL COLLATE pg_catalog."C",
    upload_length bigint NOT NULL,
    upload_offset bigint DEFAULT 0 NOT NULL,
    upload_metadata text,
    details jsonb NOT NULL,
    resumption jsonb,
    lease_seq bigint DEFAULT 0 NOT NULL,
    lease_holder uuid,
    lease_until timestamp with time zone,
    version integer,
    job_id uuid,
    refusal jsonb,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT uploads_finished_check CHECK (((version IS NOT NULL) = (upload_offset = upload_length))),
    CONSTRAINT uploads_lease_check CHECK (((lease_until IS NULL) OR (lease_holder IS NOT NULL))),
    CONSTRAINT uploads_owner_check CHECK (((char_length(owner) >= 1) AND (char_length(owner) <= 255))),
    CONSTRAINT uploads_state_check CHECK ((num_nonnulls(resumption, version, refusal) = 1)),
    CONSTRAINT uploads_upload_length_check CHECK ((upload_length > 0)),
    CONSTRAINT uploads_upload_offset_check CHECK (((upload_offset >= 0) AND (upload_offset <= upload_length)))
);

CREATE TABLE public.correction_outcomes (
    document_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    correction_id uuid,
    zone_id uuid NOT NULL,
    revision bigint NOT NULL,
    outcome text NOT NULL,
    zone_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    candidates jsonb DEFAULT '[]'::jsonb NOT NULL,
    base jsonb,
    theirs jsonb,
    yours jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    resolution text,
    CONSTRAINT correction_outcomes_candidates_check CHECK ((jsonb_typeof(candidates) = 'array'::text)),
    CONSTRAINT correction_outcomes_outcome_check CHECK ((outcome = ANY (ARRAY['kept'::text, 'moved'::text, 'split'::text, 'merged'::text, 'conflict'::text, 'orphaned'::text]))),
    CONSTRAINT correction_outcomes_resolution_check CHECK ((resolution = ANY (ARRAY['yours'::text, 'theirs'::text, 'candidates'::text, 'superseded'::text]))),
    CONSTRAINT correction_outcomes_resolved_by_check CHECK ((char_length(resolved_by) <= 255)),
    CONSTRAINT correction_outcomes_resolved_check CHECK (((resolved_at IS NULL) = (resolution IS NULL)))
);

CREATE TABLE public.document_accesses (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    share_id uuid,
    user_id uuid,
    action text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT document_accesses_action_check CHECK ((action = ANY (ARRAY['opened'::text, 'downloaded'::text, 'signed_url'::text, 'signed_url_used'::text])))
);

CREATE TABLE public.document_pages (
    document_id uuid NOT NULL,
    version integer NOT NULL,
    page_number integer NOT NULL,
    width double precision NOT NULL,
    height double precision NOT NULL,
    rotation smallint DEFAULT 0 NOT NULL,
    mediabox double precision[] NOT NULL,
    cropbox double precision[] NOT NULL,
    user_unit double precision DEFAULT 1 NOT NULL,
    CONSTRAINT document_pages_boxes_check CHECK (((array_length(mediabox, 1) = 4) AND (array_length(cropbox, 1) = 4))),
    CONSTRAINT document_pages_page_number_check CHECK ((page_number >= 1)),
    CONSTRAINT document_pages_rotation_check CHECK ((rotation = ANY (ARRAY[0, 90, 180, 270]))),
    CONSTRAINT document_pages_size_check CHECK (((width >= (0)::double precision) AND (height >= (0)::double precision) AND (width < 'Infinity'::double precision) AND (height < 'Infinity'::double precision))),
    CONSTRAINT document_pages_user_unit_check CHECK (((user_unit > (0)::double precision) AND (user_unit < 'Infinity'::double precision)))
);

CREATE TABLE public.document_share_uses (
    document_id uuid NOT NULL,
    share_id uuid NOT NULL,
    user_id uuid NOT NULL,
    used_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.document_shares (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    role text NOT NULL,
    user_id uuid,
    expires_at timestamp with time zone,
    max_uses integer,
    created_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT document_shares_created_by_check CHECK ((char_length(created_by) <= 255)),
    CONSTRAINT document_shares_max_uses_check CHECK (((max_uses IS NULL) OR ((max_uses >= 1) AND (user_id IS NULL)))),
    CONSTRAINT document_shares_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'editor'::text])))
);

CREATE TABLE public.document_versions (
    document_id uuid NOT NULL,
    version integer NOT NULL,
    storage_path text NOT NULL,
    sha256 text NOT NULL,
    file_size_bytes bigint NOT NULL,
    mime_type text NOT NULL,
    original_filename text NOT NULL,
    page_count integer,
    title text,
    pdf_version text,
    encryption text,
    repaired boolean DEFAULT false NOT NULL,
    warnings text[] DEFAULT '{}'::text[] NOT NULL,
    created_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    reason text,
    status_detail text,
    CONSTRAINT document_versions_file_size_bytes_check CHECK ((file_size_bytes >= 0)),
    CONSTRAINT document_versions_page_count_check CHECK ((page_count >= 0)),
    CONSTRAINT document_versions_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 1000))),
    CONSTRAINT document_versions_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT document_versions_storage_path_length_check CHECK (((char_length(storage_path) >= 1) AND (char_length(storage_path) <= 1024))),
    CONSTRAINT document_versions_version_check CHECK ((version >= 1))
);

CREATE TABLE public.documents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    filename text NOT NULL,
    original_filename text NOT NULL,
    file_size_bytes bigint NOT NULL,
    page_count integer,
    mime_type text,
    storage_path text,
    status text DEFAULT 'uploaded'::text NOT NULL,
    uploaded_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    status_detail text,
    sha256 text,
    version integer DEFAULT 1 NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    deleted_at timestamp with time zone,
    deleted_by text,
    legal_hold text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    zones_revision bigint DEFAULT 0 NOT NULL,
    CONSTRAINT documents_file_size_bytes_check CHECK ((file_size_bytes >= 0)),
    CONSTRAINT documents_filename_check CHECK (((char_length(filename) >= 1) AND (char_length(filename) <= 255))),
    CONSTRAINT documents_legal_hold_text_check CHECK (((char_length(legal_hold) >= 1) AND (char_length(legal_hold) <= 1000))),
    CONSTRAINT documents_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT documents_mime_type_check CHECK ((char_length(mime_type) <= 255)),
    CONSTRAINT documents_original_filename_check CHECK (((octet_length(original_filename) >= 1) AND (octet_length(original_filename) <= 1024))),
    CONSTRAINT documents_page_count_check CHECK ((page_count >= 0)),
    CONSTRAINT documents_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT documents_status_check CHECK ((status = ANY (ARRAY['uploaded'::text, 'queued'::text, 'processing'::text, 'processed'::text, 'partially_processed'::text, 'password_required'::text, 'damaged'::text, 'failed'::text]))),
    CONSTRAINT documents_storage_path_check CHECK ((char_length(storage_path) <= 1024)),
    CONSTRAINT documents_tags_check CHECK (colophon.are_tags(tags)),
    CONSTRAINT documents_uploaded_by_check CHECK (((char_length(uploaded_by) >= 1) AND (char_length(uploaded_by) <= 255))),
    CONSTRAINT documents_version_check CHECK ((version >= 1))
);

CREATE TABLE public.export_records (
    document_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    export_type text NOT NULL,
    formats text[] NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    file_paths jsonb,
    validation_results jsonb,
    selection jsonb,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    file_size_bytes bigint,
    created_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT export_records_created_by_check CHECK ((char_length(created_by) <= 255)),
    CONSTRAINT export_records_export_type_check CHECK (((char_length(export_type) >= 1) AND (char_length(export_type) <= 50))),
    CONSTRAINT export_records_file_size_bytes_check CHECK ((file_size_bytes >= 0)),
    CONSTRAINT export_records_formats_check CHECK (((cardinality(formats) >= 1) AND (cardinality(formats) <= 20))),
    CONSTRAINT export_records_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT export_records_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text])))
);

CREATE TABLE public.job_limits (
    kind text NOT NULL,
    name text NOT NULL,
    max_running integer NOT NULL,
    CONSTRAINT job_limits_kind_check CHECK ((kind = ANY (ARRAY['strategy'::text, 'owner'::text]))),
    CONSTRAINT job_limits_max_running_check CHECK ((max_running >= 0)),
    CONSTRAINT job_limits_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);

CREATE TABLE public.job_queue (
    job_id uuid NOT NULL,
    document_id uuid NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL COLLATE pg_catalog."C",
    strategy text NOT NULL COLLATE pg_catalog."C",
    state text DEFAULT 'queued'::text NOT NULL COLLATE pg_catalog."C",
    priority smallint DEFAULT 2 NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    max_attempts smallint DEFAULT 5 NOT NULL,
    lease_seq bigint DEFAULT 0 NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    lease_until timestamp with time zone,
    worker text,
    cancel_requested boolean DEFAULT false NOT NULL,
    owner text COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    deadline_at timestamp with time zone,
    timeout_seconds integer,
    job_key text,
    kills smallint DEFAULT 0 NOT NULL,
    is_whole boolean DEFAULT true NOT NULL,
    CONSTRAINT job_queue_lease_check CHECK (((state = 'running'::text) = ((lease_until IS NOT NULL) AND (worker IS NOT NULL) AND (started_at IS NOT NULL)))),
    CONSTRAINT job_queue_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT job_queue_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'scheduled'::text, 'waiting'::text, 'paused'::text, 'running'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_analyze_scale_factor='0', autovacuum_analyze_threshold='5000', autovacuum_vacuum_cost_delay='0');

CREATE TABLE public.job_schedules (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    name text,
    cron text NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    strategy text NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    page_numbers integer[],
    queue text DEFAULT 'default'::text NOT NULL,
    priority smallint DEFAULT 2 NOT NULL,
    max_attempts smallint DEFAULT 5 NOT NULL,
    timeout_seconds integer,
    enabled boolean DEFAULT true NOT NULL,
    disabled_reason text,
    next_run_at timestamp with time zone,
    last_run_at timestamp with time zone,
    last_job_id uuid,
    last_skipped_at timestamp with time zone,
    last_skip_reason text,
    created_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT job_schedules_created_by_check CHECK ((char_length(created_by) <= 255)),
    CONSTRAINT job_schedules_cron_check CHECK (((char_length(cron) >= 1) AND (char_length(cron) <= 200))),
    CONSTRAINT job_schedules_enabled_check CHECK (
CASE
    WHEN enabled THEN (disabled_reason IS NULL)
    ELSE (next_run_at IS NULL)
END),
    CONSTRAINT job_schedules_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
    CONSTRAINT job_schedules_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT job_schedules_options_check CHECK (((jsonb_typeof(options) = 'object'::text) AND (octet_length((options)::text) <= 65536))),
    CONSTRAINT job_schedules_page_numbers_check CHECK ((((cardinality(page_numbers) >= 1) AND (cardinality(page_numbers) <= 100000)) AND (0 < ALL (page_numbers)))),
    CONSTRAINT job_schedules_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT job_schedules_queue_check CHECK (((char_length(queue) >= 1) AND (char_length(queue) <= 50))),
    CONSTRAINT job_schedules_reasons_check CHECK (((char_length(disabled_reason) <= 1000) AND (char_length(last_skip_reason) <= 1000))),
    CONSTRAINT job_schedules_strategy_check CHECK (((char_length(strategy) >= 1) AND (char_length(strategy) <= 50))),
    CONSTRAINT job_schedules_time_zone_check CHECK (((char_length(time_zone) >= 1) AND (char_length(time_zone) <= 64))),
    CONSTRAINT job_schedules_timeout_seconds_check CHECK (((timeout_seconds >= 1) AND (timeout_seconds <= 604800)))
);

CREATE TABLE public.paused_queues (
    queue text NOT NULL COLLATE pg_catalog."C",
    reason text,
    paused_by text DEFAULT (auth.uid())::text,
    paused_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT paused_queues_queue_check CHECK (((char_length(queue) >= 1) AND (char_length(queue) <= 50))),
    CONSTRAINT paused_queues_reason_check CHECK ((char_length(reason) <= 1000))
);

CREATE TABLE public.processing_attempts (
    document_id uuid NOT NULL,
    job_id uuid NOT NULL,
    lease_seq bigint NOT NULL,
    attempt smallint NOT NULL,
    outcome text NOT NULL,
    worker text,
    started_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    error_class text,
    error_code text,
    error_message text,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT processing_attempts_error_class_check CHECK ((error_class = ANY (ARRAY['transient'::text, 'permanent'::text, 'poison'::text]))),
    CONSTRAINT processing_attempts_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'partially_completed'::text, 'failed'::text, 'retry'::text, 'lease_lost'::text, 'cancelled'::text, 'released'::text])))
);

CREATE TABLE public.processing_history (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    job_id uuid NOT NULL,
    zone_id uuid,
    action text NOT NULL,
    status text,
    details jsonb,
    error_message text,
    duration_ms integer,
    created_at timestamp with time zone DEFAULT clock_timestamp(),
    CONSTRAINT processing_history_action_check CHECK (((char_length(action) >= 1) AND (char_length(action) <= 100))),
    CONSTRAINT processing_history_status_check CHECK ((char_length(status) <= 50))
);

CREATE TABLE public.processing_job_pages (
    document_id uuid NOT NULL,
    job_id uuid NOT NULL,
    page_number integer NOT NULL,
    outcome text NOT NULL,
    attempt smallint NOT NULL,
    zone_count integer DEFAULT 0 NOT NULL,
    error_code text,
    error_message text,
    duration_ms integer,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    error_class text,
    stages jsonb,
    strategy text,
    reason text,
    CONSTRAINT processing_job_pages_error_check CHECK (((outcome = 'failed'::text) = (error_code IS NOT NULL))),
    CONSTRAINT processing_job_pages_error_class_check CHECK ((error_class = ANY (ARRAY['transient'::text, 'permanent'::text, 'poison'::text]))),
    CONSTRAINT processing_job_pages_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'failed'::text]))),
    CONSTRAINT processing_job_pages_page_number_check CHECK ((page_number >= 1)),
    CONSTRAINT processing_job_pages_stages_check CHECK ((jsonb_typeof(stages) = 'object'::text)),
    CONSTRAINT processing_job_pages_zone_count_check CHECK ((zone_count >= 0))
);

CREATE TABLE public.processing_job_zones (
    document_id uuid NOT NULL,
    job_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    outcome text NOT NULL,
    attempt smallint NOT NULL,
    error_class text,
    error_code text,
    error_message text,
    duration_ms integer,
    stages jsonb,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT processing_job_zones_error_check CHECK (((outcome = 'failed'::text) = (error_code IS NOT NULL))),
    CONSTRAINT processing_job_zones_error_class_check CHECK ((error_class = ANY (ARRAY['transient'::text, 'permanent'::text, 'poison'::text]))),
    CONSTRAINT processing_job_zones_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'failed'::text]))),
    CONSTRAINT processing_job_zones_stages_check CHECK ((jsonb_typeof(stages) = 'object'::text))
);

CREATE TABLE public.reading_orders (
    document_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    items jsonb NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT reading_orders_created_by_check CHECK ((char_length(created_by) <= 255)),
    CONSTRAINT reading_orders_items_check CHECK ((jsonb_typeof(items) = 'array'::text)),
    CONSTRAINT reading_orders_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT reading_orders_version_check CHECK ((version >= 1))
);

CREATE TABLE public.user_corrections (
    document_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    zone_id uuid NOT NULL,
    original_content text,
    corrected_content text,
    confidence_before numeric,
    confidence_after numeric DEFAULT 1.0,
    correction_type text,
    corrected_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now(),
    zones_revision bigint,
    before jsonb,
    after jsonb,
    zone_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    page_number integer,
    zone_type text,
    processing_tool text,
    processing_model text,
    reason text,
    CONSTRAINT user_corrections_confidence_check CHECK ((((confidence_before >= (0)::numeric) AND (confidence_before <= (1)::numeric)) AND ((confidence_after >= (0)::numeric) AND (confidence_after <= (1)::numeric)))),
    CONSTRAINT user_corrections_corrected_by_check CHECK ((char_length(corrected_by) <= 255)),
    CONSTRAINT user_corrections_correction_type_check CHECK ((char_length(correction_type) <= 50)),
    CONSTRAINT user_corrections_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 1000)))
);

CREATE TABLE public.zone_confidence_history (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    zone_id uuid NOT NULL,
    confidence numeric NOT NULL,
    processing_tool text,
    recorded_at timestamp with time zone DEFAULT now(),
    processing_model text,
    job_id uuid,
    zone_type text,
    page_number integer,
    until_at timestamp with time zone,
    stands boolean DEFAULT false NOT NULL,
    CONSTRAINT zone_confidence_history_confidence_check CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT zone_confidence_history_processing_model_check CHECK ((char_length(processing_model) <= 100)),
    CONSTRAINT zone_confidence_history_processing_tool_check CHECK ((char_length(processing_tool) <= 100))
);

CREATE TABLE public.zone_history (
    document_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    zones_revision bigint NOT NULL,
    until_revision bigint NOT NULL,
    zone jsonb NOT NULL,
    version integer GENERATED ALWAYS AS (((zone ->> 'version'::text))::integer) STORED,
    zone_index integer GENERATED ALWAYS AS (((zone ->> 'zone_index'::text))::integer) STORED,
    CONSTRAINT zone_history_revisions_check CHECK ((until_revision > zones_revision))
);

CREATE TABLE public.zones (
    document_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    zone_index integer NOT NULL,
    page_number integer NOT NULL,
    zone_type text NOT NULL,
    coordinates jsonb NOT NULL,
    content text,
    confidence numeric,
    processing_tool text,
    status text DEFAULT 'pending'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    zones_revision bigint NOT NULL,
    label text,
    external_id text,
    parent_id uuid,
    language text,
    processing_model text,
    job_id uuid,
    source jsonb,
    original jsonb,
    created_by text,
    CONSTRAINT zones_confidence_check CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT zones_coordinates_check CHECK ((jsonb_typeof(coordinates) = 'object'::text)),
    CONSTRAINT zones_created_by_check CHECK ((char_length(created_by) <= 255)),
    CONSTRAINT zones_external_id_check CHECK (((char_length(external_id) >= 1) AND (char_length(external_id) <= 500))),
    CONSTRAINT zones_label_check CHECK (((char_length(label) >= 1) AND (char_length(label) <= 200))),
    CONSTRAINT zones_language_check CHECK ((language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'::text)),
    CONSTRAINT zones_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT zones_original_check CHECK ((jsonb_typeof(original) = 'object'::text)),
    CONSTRAINT zones_page_number_check CHECK ((page_number >= 1)),
    CONSTRAINT zones_parent_id_check CHECK ((parent_id <> id)),
    CONSTRAINT zones_processing_model_check CHECK ((char_length(processing_model) <= 100)),
    CONSTRAINT zones_processing_tool_check CHECK ((char_length(processing_tool) <= 100)),
    CONSTRAINT zones_source_check CHECK ((jsonb_typeof(source) = 'object'::text)),
    CONSTRAINT zones_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'processing'::text, 'completed'::text, 'failed'::text, 'verified'::text]))),
    CONSTRAINT zones_version_check CHECK ((version >= 1)),
    CONSTRAINT zones_zone_index_check CHECK ((zone_index >= 0)),
    CONSTRAINT zones_zone_type_check CHECK (((char_length(zone_type) >= 1) AND (char_length(zone_type) <= 50)))
);

ALTER TABLE ONLY colophon.document_fields
    ADD CONSTRAINT document_fields_pkey PRIMARY KEY (document_id, field, value);

ALTER TABLE ONLY colophon.document_share_tokens
    ADD CONSTRAINT document_share_tokens_pkey PRIMARY KEY (document_id, share_id);

ALTER TABLE ONLY colophon.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key);

ALTER TABLE ONLY colophon.imported_zones
    ADD CONSTRAINT imported_zones_pkey PRIMARY KEY (transaction_id, ordinal);

ALTER TABLE ONLY colophon.incomplete_jobs
    ADD CONSTRAINT incomplete_jobs_pkey PRIMARY KEY (document_id, job_id);

ALTER TABLE ONLY colophon.job_positions
    ADD CONSTRAINT job_positions_pkey PRIMARY KEY (queue, strategy, priority);

ALTER TABLE ONLY colophon.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (document_id, storage_path);

ALTER TABLE ONLY colophon.owner_usage
    ADD CONSTRAINT owner_usage_pkey PRIMARY KEY (owner);

ALTER TABLE ONLY colophon.processing_statistics
    ADD CONSTRAINT processing_statistics_pkey PRIMARY KEY (grain, since, strategy, outcome, error_class, error_code, stage, bucket);

ALTER TABLE ONLY colophon.processing_statistics_progress
    ADD CONSTRAINT processing_statistics_progress_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY colophon.quotas
    ADD CONSTRAINT quotas_pkey PRIMARY KEY (owner);

ALTER TABLE ONLY colophon.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY colophon.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.correction_outcomes
    ADD CONSTRAINT correction_outcomes_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.document_accesses
    ADD CONSTRAINT document_accesses_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.document_changes
    ADD CONSTRAINT document_changes_pkey PRIMARY KEY (document_id, revision);

ALTER TABLE ONLY public.document_pages
    ADD CONSTRAINT document_pages_pkey PRIMARY KEY (document_id, version, page_number);

ALTER TABLE ONLY public.document_share_uses
    ADD CONSTRAINT document_share_uses_pkey PRIMARY KEY (document_id, share_id, user_id);

ALTER TABLE ONLY public.document_shares
    ADD CONSTRAINT document_shares_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.document_versions
    ADD CONSTRAINT document_versions_pkey PRIMARY KEY (document_id, version);

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.export_records
    ADD CONSTRAINT export_records_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.job_limits
    ADD CONSTRAINT job_limits_pkey PRIMARY KEY (kind, name);

ALTER TABLE ONLY public.job_queue
    ADD CONSTRAINT job_queue_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY public.job_schedules
    ADD CONSTRAINT job_schedules_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.metadata_schemas
    ADD CONSTRAINT metadata_schemas_pkey PRIMARY KEY (owner);

ALTER TABLE ONLY public.paused_queues
    ADD CONSTRAINT paused_queues_pkey PRIMARY KEY (queue);

ALTER TABLE ONLY public.processing_attempts
    ADD CONSTRAINT processing_attempts_pkey PRIMARY KEY (document_id, job_id, lease_seq);

ALTER TABLE ONLY public.processing_history
    ADD CONSTRAINT processing_history_pkey PRIMARY KEY (document_id, job_id, id);

ALTER TABLE ONLY public.processing_job_pages
    ADD CONSTRAINT processing_job_pages_pkey PRIMARY KEY (document_id, job_id, page_number);

ALTER TABLE ONLY public.processing_job_zones
    ADD CONSTRAINT processing_job_zones_pkey PRIMARY KEY (document_id, job_id, zone_id);

ALTER TABLE ONLY public.processing_jobs
    ADD CONSTRAINT processing_jobs_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.reading_orders
    ADD CONSTRAINT reading_orders_pkey PRIMARY KEY (document_id, version, name);

ALTER TABLE ONLY public.user_corrections
    ADD CONSTRAINT user_corrections_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.zone_confidence_history
    ADD CONSTRAINT zone_confidence_history_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.zone_history
    ADD CONSTRAINT zone_history_pkey PRIMARY KEY (document_id, zone_id, zones_revision);

ALTER TABLE ONLY public.zones
    ADD CONSTRAINT zones_pkey PRIMARY KEY (document_id, id);

CREATE INDEX document_fields_uploaded_by_idx ON colophon.document_fields USING btree (uploaded_by, field, value, created_at, document_id);

CREATE INDEX document_fields_value_idx ON colophon.document_fields USING btree (field, value, created_at, document_id);

CREATE INDEX document_share_tokens_token_hash_idx ON colophon.document_share_tokens USING btree (token_hash);

CREATE INDEX idempotency_keys_created_at_idx ON colophon.idempotency_keys USING btree (created_at);

CREATE INDEX imported_zones_id_idx ON colophon.imported_zones USING btree (transaction_id, id);

CREATE INDEX imported_zones_key_idx ON colophon.imported_zones USING btree (transaction_id, key);

CREATE INDEX incomplete_jobs_status_idx ON colophon.incomplete_jobs USING btree (status, created_at DESC, job_id DESC);

CREATE INDEX objects_changed_at_idx ON colophon.objects USING btree (changed_at) WHERE (state = 'released'::text);

CREATE INDEX objects_intended_until_idx ON colophon.objects USING btree (intended_until) WHERE (state = 'intended'::text);

CREATE INDEX objects_storage_path_idx ON colophon.objects USING btree (storage_path, state);

CREATE INDEX objects_verified_at_idx ON colophon.objects USING btree (verified_at NULLS FIRST, storage_path) WHERE (state = 'stored'::text);

CREATE INDEX uploads_expires_at_idx ON colophon.uploads USING btree (expires_at);

CREATE INDEX uploads_owner_idx ON colophon.uploads USING btree (owner) WHERE (resumption IS NOT NULL);

CREATE INDEX correction_outcomes_open_idx ON public.correction_outcomes USING btree (document_id, id) WHERE ((resolved_at IS NULL) AND (outcome = ANY (ARRAY['split'::text, 'merged'::text, 'conflict'::text, 'orphaned'::text])));

CREATE INDEX correction_outcomes_zone_id_idx ON public.correction_outcomes USING btree (document_id, zone_id);

CREATE INDEX document_accesses_created_at_idx ON public.document_accesses USING btree (document_id, created_at DESC, id DESC);

CREATE INDEX document_changes_undo_idx ON public.document_changes USING btree (document_id, revision) WHERE (kind = 'undo'::text);

CREATE INDEX document_share_uses_user_id_idx ON public.document_share_uses USING btree (user_id);

CREATE INDEX document_shares_user_id_idx ON public.document_shares USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX document_versions_sha256_idx ON public.document_versions USING btree (sha256);

CREATE INDEX documents_deleted_at_idx ON public.documents USING btree (deleted_at DESC, id DESC) WHERE (deleted_at IS NOT NULL);

CREATE INDEX documents_live_created_at_idx ON public.documents USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX documents_live_status_idx ON public.documents USING btree (status, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX documents_live_uploaded_by_idx ON public.documents USING btree (uploaded_by, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX documents_live_uploaded_by_status_idx ON public.documents USING btree (uploaded_by, status, created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX documents_uploaded_by_deleted_at_idx ON public.documents USING btree (uploaded_by, deleted_at DESC, id DESC);

CREATE INDEX export_records_created_at_idx ON public.export_records USING btree (created_at DESC, id DESC);

CREATE INDEX export_records_id_idx ON public.export_records USING btree (id);

CREATE INDEX job_queue_claim_idx ON public.job_queue USING btree (queue, strategy, priority, "position") WHERE (state = 'queued'::text);

CREATE UNIQUE INDEX job_queue_job_key_key ON public.job_queue USING btree (COALESCE(owner, ''::text), job_key) WHERE (job_key IS NOT NULL);

CREATE INDEX job_queue_owner_idx ON public.job_queue USING btree (queue, strategy, priority, owner, "position") WHERE (state = 'queued'::text);

CREATE INDEX job_queue_running_idx ON public.job_queue USING btree (started_at) WHERE (state = 'running'::text);

CREATE INDEX job_queue_scheduled_idx ON public.job_queue USING btree (run_at) WHERE (state = 'scheduled'::text);

CREATE INDEX job_queue_waiting_idx ON public.job_queue USING btree (job_id) WHERE (state = 'waiting'::text);

CREATE INDEX job_schedules_next_run_at_idx ON public.job_schedules USING btree (next_run_at) WHERE enabled;

CREATE INDEX processing_attempts_finished_at_idx ON public.processing_attempts USING brin (finished_at timestamptz_minmax_multi_ops) WITH (pages_per_range='32', autosummarize='on');

CREATE INDEX processing_history_created_at_idx ON public.processing_history USING brin (created_at) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX processing_jobs_created_at_idx ON public.processing_jobs USING btree (created_at DESC, id DESC);

CREATE INDEX processing_jobs_id_idx ON public.processing_jobs USING btree (id);

CREATE INDEX user_corrections_created_at_idx ON public.user_corrections USING btree (document_id, COALESCE(created_at, '1970-01-01 00:00:00+00'::timestamp with time zone) DESC, id DESC);

CREATE INDEX user_corrections_verdicts_idx ON public.user_corrections USING btree (document_id, zone_id, created_at) INCLUDE (processing_tool, processing_model, zone_type, confidence_before, correction_type, zones_revision) WHERE (confidence_before IS NOT NULL);

CREATE INDEX user_corrections_zone_id_idx ON public.user_corrections USING btree (document_id, zone_id);

CREATE INDEX zone_confidence_history_zone_id_idx ON public.zone_confidence_history USING btree (document_id, zone_id);

CREATE INDEX zone_history_until_revision_idx ON public.zone_history USING btree (document_id, until_revision);

CREATE INDEX zone_history_zone_index_idx ON public.zone_history USING btree (document_id, version, zone_index);

CREATE INDEX zone_history_zones_revision_idx ON public.zone_history USING btree (document_id, zones_revision);

CREATE INDEX zones_id_idx ON public.zones USING btree (id);

CREATE INDEX zones_page_number_idx ON public.zones USING btree (document_id, page_number, zone_index);

CREATE INDEX zones_parent_id_idx ON public.zones USING btree (document_id, parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX zones_text_idx ON public.zones USING gin (colophon.zone_text_vector(content, language));

CREATE UNIQUE INDEX zones_version_zone_index_key ON public.zones USING btree (document_id, version, zone_index);

CREATE STATISTICS colophon.document_fields_stats (dependencies, mcv) ON field, value, uploaded_by FROM colophon.document_fields;

CREATE TRIGGER objects_counted AFTER UPDATE ON colophon.objects REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION colophon.count_stored_bytes();

CREATE TRIGGER objects_counted_in AFTER INSERT ON colophon.objects REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION colophon.count_stored_bytes();

CREATE TRIGGER objects_counted_out AFTER DELETE ON colophon.objects REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION colophon.count_stored_bytes();

CREATE TRIGGER document_versions_object_released AFTER DELETE ON public.document_versions FOR EACH ROW EXECUTE FUNCTION colophon.release_object_of_version();

CREATE TRIGGER document_versions_object_taken AFTER INSERT ON public.document_versions FOR EACH ROW EXECUTE FUNCTION colophon.take_object_of_version();

CREATE TRIGGER documents_counted_in AFTER INSERT ON public.documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION colophon.count_documents();

CREATE TRIGGER documents_counted_out AFTER DELETE ON public.documents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION colophon.count_documents();

CREATE TRIGGER documents_fields_inserted AFTER INSERT ON public.documents FOR EACH ROW WHEN (((new.tags <> '{}'::text[]) OR (new.metadata <> '{}'::jsonb))) EXECUTE FUNCTION colophon.index_document_fields();

CREATE TRIGGER documents_fields_updated AFTER UPDATE OF tags, metadata, deleted_at, uploaded_by, created_at ON public.documents FOR EACH ROW WHEN ((((((old.tags IS DISTINCT FROM new.tags) OR (old.metadata IS DISTINCT FROM new.metadata)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR (old.uploaded_by IS DISTINCT FROM new.uploaded_by)) OR (old.created_at IS DISTINCT FROM new.created_at))) EXECUTE FUNCTION colophon.index_document_fields();

CREATE TRIGGER documents_follow_version BEFORE UPDATE OF version ON public.documents FOR EACH ROW WHEN ((old.version IS DISTINCT FROM new.version)) EXECUTE FUNCTION colophon.follow_version();

CREATE TRIGGER documents_legal_hold BEFORE DELETE ON public.documents FOR EACH ROW WHEN ((old.legal_hold IS NOT NULL)) EXECUTE FUNCTION colophon.guard_legal_hold();

CREATE TRIGGER documents_live_work BEFORE DELETE ON public.documents FOR EACH ROW EXECUTE FUNCTION colophon.drop_live_work();

CREATE TRIGGER documents_revision BEFORE UPDATE OF filename, metadata, version, tags ON public.documents FOR EACH ROW WHEN (((((old.filename IS DISTINCT FROM new.filename) OR (old.metadata IS DISTINCT FROM new.metadata)) OR (old.version IS DISTINCT FROM new.version)) OR (old.tags IS DISTINCT FROM new.tags))) EXECUTE FUNCTION colophon.next_revision();

CREATE TRIGGER documents_touch BEFORE UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION colophon.touch_updated_at();

CREATE TRIGGER documents_trash BEFORE UPDATE OF deleted_at ON public.documents FOR EACH ROW WHEN ((old.deleted_at IS DISTINCT FROM new.deleted_at)) EXECUTE FUNCTION colophon.guard_trash();

CREATE TRIGGER export_records_objects_released AFTER DELETE ON public.export_records FOR EACH ROW WHEN ((jsonb_typeof(old.file_paths) = 'array'::text)) EXECUTE FUNCTION colophon.release_objects_of_export();

CREATE TRIGGER export_records_objects_taken AFTER INSERT OR UPDATE OF file_paths ON public.export_records FOR EACH ROW WHEN ((jsonb_typeof(new.file_paths) = 'array'::text)) EXECUTE FUNCTION colophon.take_objects_of_export();

CREATE TRIGGER job_queue_filled BEFORE INSERT ON public.job_queue FOR EACH ROW WHEN ((new."position" IS NULL)) EXECUTE FUNCTION colophon.fill_live_job();

CREATE TRIGGER job_schedules_changed BEFORE UPDATE ON public.job_schedules FOR EACH ROW WHEN ((((((((((((old.name IS DISTINCT FROM new.name) OR (old.cron IS DISTINCT FROM new.cron)) OR (old.time_zone IS DISTINCT FROM new.time_zone)) OR (old.strategy IS DISTINCT FROM new.strategy)) OR (old.options IS DISTINCT FROM new.options)) OR (old.page_numbers IS DISTINCT FROM new.page_numbers)) OR (old.queue IS DISTINCT FROM new.queue)) OR (old.priority IS DISTINCT FROM new.priority)) OR (old.max_attempts IS DISTINCT FROM new.max_attempts)) OR (old.timeout_seconds IS DISTINCT FROM new.timeout_seconds)) OR (old.enabled IS DISTINCT FROM new.enabled))) EXECUTE FUNCTION colophon.change_job_schedule();

CREATE TRIGGER job_schedules_counted AFTER INSERT ON public.job_schedules FOR EACH ROW EXECUTE FUNCTION colophon.count_job_schedules();

CREATE TRIGGER metadata_schemas_revision BEFORE UPDATE OF schema ON public.metadata_schemas FOR EACH ROW WHEN ((old.schema IS DISTINCT FROM new.schema)) EXECUTE FUNCTION colophon.next_revision();

CREATE TRIGGER processing_history_document BEFORE INSERT ON public.processing_history FOR EACH ROW WHEN ((new.document_id IS NULL)) EXECUTE FUNCTION colophon.fill_document_of_job();

CREATE TRIGGER processing_jobs_enqueued AFTER INSERT ON public.processing_jobs FOR EACH ROW WHEN (((current_setting('colophon.engine'::text, true) IS DISTINCT FROM 'on'::text) OR (CURRENT_USER = 'authenticated'::name))) EXECUTE FUNCTION colophon.record_job_transition();

CREATE TRIGGER processing_jobs_incomplete AFTER UPDATE OF status ON public.processing_jobs FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND ((new.status = ANY (ARRAY['partially_completed'::text, 'failed'::text, 'cancelled'::text])) OR (old.status = ANY (ARRAY['partially_completed'::text, 'failed'::text, 'cancelled'::text]))))) EXECUTE FUNCTION colophon.note_incomplete_job();

CREATE TRIGGER processing_jobs_inserted_incomplete AFTER INSERT ON public.processing_jobs FOR EACH ROW WHEN ((new.status = ANY (ARRAY['partially_completed'::text, 'failed'::text, 'cancelled'::text]))) EXECUTE FUNCTION colophon.note_incomplete_job();

CREATE TRIGGER processing_jobs_queued AFTER INSERT ON public.processing_jobs FOR EACH ROW WHEN (((new.page_numbers IS NULL) AND (new.zone_ids IS NULL) AND (new.completed_at IS NULL))) EXECUTE FUNCTION colophon.queue_document();

CREATE TRIGGER processing_jobs_recorded AFTER UPDATE OF status ON public.processing_jobs FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND ((current_setting('colophon.engine'::text, true) IS DISTINCT FROM 'on'::text) OR (CURRENT_USER = 'authenticated'::name)))) EXECUTE FUNCTION colophon.record_job_transition();

CREATE TRIGGER processing_jobs_status_changed BEFORE UPDATE OF status ON public.processing_jobs FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (NOT (new.status_changed_at IS DISTINCT FROM old.status_changed_at)))) EXECUTE FUNCTION colophon.touch_job_status();

CREATE TRIGGER processing_jobs_touch BEFORE UPDATE ON public.processing_jobs FOR EACH ROW WHEN ((NOT (new.updated_at IS DISTINCT FROM old.updated_at))) EXECUTE FUNCTION colophon.touch_updated_at();

CREATE TRIGGER processing_jobs_transition BEFORE UPDATE OF status ON public.processing_jobs FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (((old.status || ' '::text) || new.status) <> ALL (ARRAY['queued running'::text, 'queued paused'::text, 'queued cancelled'::text, 'queued failed'::text, 'running completed'::text, 'running partially_completed'::text, 'running failed'::text, 'running cancelled'::text, 'running retrying'::text, 'running paused'::text, 'running queued'::text, 'retrying running'::text, 'retrying paused'::text, 'retrying cancelled'::text, 'retrying failed'::text, 'paused queued'::text, 'paused cancelled'::text, 'failed queued'::text, 'partially_completed queued'::text, 'cancelled queued'::text])))) EXECUTE FUNCTION colophon.check_job_transition();

CREATE TRIGGER reading_orders_revision BEFORE UPDATE ON public.reading_orders FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION colophon.next_revision();

CREATE TRIGGER user_corrections_document BEFORE INSERT ON public.user_corrections FOR EACH ROW WHEN ((new.document_id IS NULL)) EXECUTE FUNCTION colophon.fill_document_of_zone();

CREATE TRIGGER zone_confidence_history_document BEFORE INSERT ON public.zone_confidence_history FOR EACH ROW WHEN ((new.document_id IS NULL)) EXECUTE FUNCTION colophon.fill_document_of_zone();

CREATE TRIGGER zones_brought_back BEFORE INSERT ON public.zones FOR EACH ROW WHEN ((new.zones_revision IS NULL)) EXECUTE FUNCTION colophon.zone_brought_back();

CREATE TRIGGER zones_changed BEFORE UPDATE ON public.zones FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION colophon.zone_changed();

CREATE TRIGGER zones_confidence_changed AFTER UPDATE ON public.zones FOR EACH ROW WHEN (((old.confidence IS NOT NULL) AND ((((old.confidence IS DISTINCT FROM new.confidence) OR (old.processing_tool IS DISTINCT FROM new.processing_tool)) OR (old.processing_model IS DISTINCT FROM new.processing_model)) OR (old.job_id IS DISTINCT FROM new.job_id)))) EXECUTE FUNCTION colophon.keep_zone_confidence();

CREATE TRIGGER zones_confidence_deleted AFTER DELETE ON public.zones FOR EACH ROW WHEN ((old.confidence IS NOT NULL)) EXECUTE FUNCTION colophon.keep_zone_confidence();

CREATE TRIGGER zones_deleted BEFORE DELETE ON public.zones FOR EACH ROW EXECUTE FUNCTION colophon.zone_deleted();

CREATE TRIGGER zones_drawn AFTER INSERT ON public.zones FOR EACH ROW WHEN ((new.created_by IS NOT NULL)) EXECUTE FUNCTION colophon.zone_drawn();

CREATE TRIGGER zones_inserted BEFORE INSERT ON public.zones FOR EACH ROW WHEN ((new.zones_revision IS NULL)) EXECUTE FUNCTION colophon.zone_inserted();

CREATE TRIGGER zones_version BEFORE INSERT ON public.zones FOR EACH ROW WHEN ((new.version IS NULL)) EXECUTE FUNCTION colophon.fill_version_of_zone();

ALTER TABLE ONLY colophon.document_fields
    ADD CONSTRAINT document_fields_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY colophon.document_share_tokens
    ADD CONSTRAINT document_share_tokens_document_id_share_id_fkey FOREIGN KEY (document_id, share_id) REFERENCES public.document_shares(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY colophon.incomplete_jobs
    ADD CONSTRAINT incomplete_jobs_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.correction_outcomes
    ADD CONSTRAINT correction_outcomes_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_accesses
    ADD CONSTRAINT document_accesses_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_changes
    ADD CONSTRAINT document_changes_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_pages
    ADD CONSTRAINT document_pages_document_id_version_fkey FOREIGN KEY (document_id, version) REFERENCES public.document_versions(document_id, version) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_share_uses
    ADD CONSTRAINT document_share_uses_document_id_share_id_fkey FOREIGN KEY (document_id, share_id) REFERENCES public.document_shares(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_shares
    ADD CONSTRAINT document_shares_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_versions
    ADD CONSTRAINT document_versions_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.export_records
    ADD CONSTRAINT export_records_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_schedules
    ADD CONSTRAINT job_schedules_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_attempts
    ADD CONSTRAINT processing_attempts_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_history
    ADD CONSTRAINT processing_history_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_job_pages
    ADD CONSTRAINT processing_job_pages_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_job_zones
    ADD CONSTRAINT processing_job_zones_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_jobs
    ADD CONSTRAINT processing_jobs_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reading_orders
    ADD CONSTRAINT reading_orders_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_corrections
    ADD CONSTRAINT user_corrections_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.zone_confidence_history
    ADD CONSTRAINT zone_confidence_history_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.zone_history
    ADD CONSTRAINT zone_history_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.zones
    ADD CONSTRAINT zones_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.zones
    ADD CONSTRAINT zones_parent_id_fkey FOREIGN KEY (document_id, parent_id) REFERENCES public.zones(document_id, id);

ALTER TABLE colophon.document_fields ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_fields_select ON colophon.document_fields FOR SELECT TO authenticated USING (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (document_id IN ( SELECT colophon.shared_documents('viewer'::text) AS shared_documents))));

ALTER TABLE colophon.document_share_tokens ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_share_tokens_insert ON colophon.document_share_tokens FOR INSERT TO authenticated WITH CHECK ((EXISTS ( SELECT
   FROM public.document_shares s
  WHERE ((s.document_id = document_share_tokens.document_id) AND (s.id = document_share_tokens.share_id) AND (s.user_id IS NULL) AND (s.created_by = (( SELECT auth.uid() AS uid))::text)))));

ALTER TABLE colophon.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_owner_insert ON colophon.idempotency_keys FOR INSERT TO authenticated WITH CHECK ((owner = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY idempotency_keys_owner_select ON colophon.idempotency_keys FOR SELECT TO authenticated USING ((owner = (( SELECT auth.uid() AS uid))::text));

ALTER TABLE colophon.imported_zones ENABLE ROW LEVEL SECURITY;

CREATE POLICY imported_zones_delete ON colophon.imported_zones FOR DELETE TO authenticated USING ((transaction_id = ( SELECT pg_current_xact_id() AS pg_current_xact_id)));

CREATE POLICY imported_zones_insert ON colophon.imported_zones FOR INSERT TO authenticated WITH CHECK ((transaction_id = ( SELECT pg_current_xact_id() AS pg_current_xact_id)));

CREATE POLICY imported_zones_select ON colophon.imported_zones FOR SELECT TO authenticated USING ((transaction_id = ( SELECT pg_current_xact_id() AS pg_current_xact_id)));

CREATE POLICY imported_zones_update ON colophon.imported_zones FOR UPDATE TO authenticated USING ((transaction_id = ( SELECT pg_current_xact_id() AS pg_current_xact_id))) WITH CHECK ((transaction_id = ( SELECT pg_current_xact_id() AS pg_current_xact_id)));

ALTER TABLE colophon.incomplete_jobs ENABLE ROW LEVEL SECURITY;

CREATE POLICY incomplete_jobs_select ON colophon.incomplete_jobs FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = incomplete_jobs.document_id)))));

ALTER TABLE colophon.job_positions ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_positions_select ON colophon.job_positions FOR SELECT TO service_role USING (true);

ALTER TABLE colophon.objects ENABLE ROW LEVEL SECURITY;

CREATE POLICY objects_service ON colophon.objects FOR SELECT TO service_role USING (true);

ALTER TABLE colophon.owner_usage ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_usage_select ON colophon.owner_usage FOR SELECT TO authenticated USING ((owner = (( SELECT auth.uid() AS uid))::text));

ALTER TABLE colophon.processing_statistics ENABLE ROW LEVEL SECURITY;

ALTER TABLE colophon.processing_statistics_progress ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_statistics_progress_service ON colophon.processing_statistics_progress FOR SELECT TO service_role USING (true);

CREATE POLICY processing_statistics_service ON colophon.processing_statistics FOR SELECT TO service_role USING (true);

ALTER TABLE colophon.quotas ENABLE ROW LEVEL SECURITY;

CREATE POLICY quotas_select ON colophon.quotas FOR SELECT TO authenticated USING (((owner = (( SELECT auth.uid() AS uid))::text) OR (owner = '*'::text)));

ALTER TABLE colophon.signing_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY signing_keys_service ON colophon.signing_keys FOR SELECT TO service_role USING (true);

ALTER TABLE colophon.uploads ENABLE ROW LEVEL SECURITY;

CREATE POLICY uploads_service ON colophon.uploads FOR SELECT TO service_role USING (true);

ALTER TABLE public.correction_outcomes ENABLE ROW LEVEL SECURITY;

CREATE POLICY correction_outcomes_insert ON public.correction_outcomes FOR INSERT TO authenticated WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = correction_outcomes.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY correction_outcomes_select ON public.correction_outcomes FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = correction_outcomes.document_id)))));

CREATE POLICY correction_outcomes_update ON public.correction_outcomes FOR UPDATE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = correction_outcomes.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))) WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = correction_outcomes.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

ALTER TABLE public.document_accesses ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_accesses_select ON public.document_accesses FOR SELECT TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_accesses.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text)))));

ALTER TABLE public.document_changes ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_changes_select ON public.document_changes FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = document_changes.document_id)))));

ALTER TABLE public.document_pages ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_pages_insert ON public.document_pages FOR INSERT TO authenticated WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_pages.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY document_pages_select ON public.document_pages FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = document_pages.document_id)))));

ALTER TABLE public.document_share_uses ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_share_uses_select ON public.document_share_uses FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_share_uses.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text))))));

ALTER TABLE public.document_shares ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_shares_insert ON public.document_shares FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text))))));

CREATE POLICY document_shares_select ON public.document_shares FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text))))));

CREATE POLICY document_shares_update ON public.document_shares FOR UPDATE TO authenticated USING (((revoked_at IS NULL) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text)))))) WITH CHECK (((revoked_at IS NOT NULL) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text))))));

ALTER TABLE public.document_versions ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_versions_insert ON public.document_versions FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_versions.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY document_versions_select ON public.document_versions FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = document_versions.document_id)))));

ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;

CREATE POLICY documents_delete ON public.documents FOR DELETE TO authenticated USING ((uploaded_by = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY documents_insert ON public.documents FOR INSERT TO authenticated WITH CHECK ((uploaded_by = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY documents_select ON public.documents FOR SELECT TO authenticated USING (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR ((deleted_at IS NULL) AND (id IN ( SELECT colophon.shared_documents('viewer'::text) AS shared_documents)))));

CREATE POLICY documents_update ON public.documents FOR UPDATE TO authenticated USING (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR ((deleted_at IS NULL) AND (id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))) WITH CHECK (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR ((deleted_at IS NULL) AND (id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))));

ALTER TABLE public.export_records ENABLE ROW LEVEL SECURITY;

CREATE POLICY export_records_insert ON public.export_records FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = export_records.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY export_records_select ON public.export_records FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = export_records.document_id)))));

ALTER TABLE public.job_limits ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_limits_select ON public.job_limits FOR SELECT TO service_role USING (true);

ALTER TABLE public.job_queue ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_queue_insert ON public.job_queue FOR INSERT TO authenticated WITH CHECK (((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = job_queue.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))) AND (EXISTS ( SELECT
   FROM public.processing_jobs j
  WHERE ((j.document_id = job_queue.document_id) AND (j.id = job_queue.job_id) AND (j.status = 'queued'::text))))));

ALTER TABLE public.job_schedules ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_schedules_delete ON public.job_schedules FOR DELETE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = job_schedules.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY job_schedules_insert ON public.job_schedules FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = job_schedules.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY job_schedules_select ON public.job_schedules FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = job_schedules.document_id)))));

CREATE POLICY job_schedules_update ON public.job_schedules FOR UPDATE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = job_schedules.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))) WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = job_schedules.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

ALTER TABLE public.metadata_schemas ENABLE ROW LEVEL SECURITY;

CREATE POLICY metadata_schemas_delete ON public.metadata_schemas FOR DELETE TO authenticated USING ((owner = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY metadata_schemas_insert ON public.metadata_schemas FOR INSERT TO authenticated WITH CHECK ((owner = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY metadata_schemas_select ON public.metadata_schemas FOR SELECT TO authenticated USING ((owner = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY metadata_schemas_update ON public.metadata_schemas FOR UPDATE TO authenticated USING ((owner = (( SELECT auth.uid() AS uid))::text)) WITH CHECK ((owner = (( SELECT auth.uid() AS uid))::text));

ALTER TABLE public.paused_queues ENABLE ROW LEVEL SECURITY;

CREATE POLICY paused_queues_select ON public.paused_queues FOR SELECT TO service_role USING (true);

ALTER TABLE public.processing_attempts ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_attempts_select ON public.processing_attempts FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = processing_attempts.document_id)))));

ALTER TABLE public.processing_history ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_history_select ON public.processing_history FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = processing_history.document_id)))));

ALTER TABLE public.processing_job_pages ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_job_pages_select ON public.processing_job_pages FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = processing_job_pages.document_id)))));

ALTER TABLE public.processing_job_zones ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_job_zones_select ON public.processing_job_zones FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = processing_job_zones.document_id)))));

ALTER TABLE public.processing_jobs ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_jobs_insert ON public.processing_jobs FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = processing_jobs.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY processing_jobs_select ON public.processing_jobs FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = processing_jobs.document_id)))));

ALTER TABLE public.reading_orders ENABLE ROW LEVEL SECURITY;

CREATE POLICY reading_orders_delete ON public.reading_orders FOR DELETE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = reading_orders.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY reading_orders_insert ON public.reading_orders FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = reading_orders.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY reading_orders_select ON public.reading_orders FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = reading_orders.document_id)))));

CREATE POLICY reading_orders_update ON public.reading_orders FOR UPDATE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = reading_orders.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))) WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = reading_orders.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

ALTER TABLE public.user_corrections ENABLE ROW LEVEL SECURITY;

CREATE POLICY user_corrections_insert ON public.user_corrections FOR INSERT TO authenticated WITH CHECK (((corrected_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = user_corrections.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY user_corrections_select ON public.user_corrections FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = user_corrections.document_id)))));

ALTER TABLE public.zone_confidence_history ENABLE ROW LEVEL SECURITY;

CREATE POLICY zone_confidence_history_insert ON public.zone_confidence_history FOR INSERT TO authenticated WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = zone_confidence_history.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY zone_confidence_history_select ON public.zone_confidence_history FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = zone_confidence_history.document_id)))));

ALTER TABLE public.zone_history ENABLE ROW LEVEL SECURITY;

CREATE POLICY zone_history_select ON public.zone_history FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = zone_history.document_id)))));

ALTER TABLE public.zones ENABLE ROW LEVEL SECURITY;

CREATE POLICY zones_delete ON public.zones FOR DELETE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = zones.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY zones_insert ON public.zones FOR INSERT TO authenticated WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = zones.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

CREATE POLICY zones_select ON public.zones FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = zones.document_id)))));

CREATE POLICY zones_update ON public.zones FOR UPDATE TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = zones.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))) WITH CHECK ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = zones.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))));

GRANT USAGE ON SCHEMA colophon TO authenticator;
GRANT USAGE ON SCHEMA colophon TO anon;
GRANT USAGE ON SCHEMA colophon TO authenticated;
GRANT USAGE ON SCHEMA colophon TO service_role;

REVOKE ALL ON FUNCTION colophon.applied_migrations() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.applied_migrations() TO service_role;

REVOKE ALL ON FUNCTION colophon.are_tags(tags text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.are_tags(tags text[]) TO authenticated;
GRANT ALL ON FUNCTION colophon.are_tags(tags text[]) TO service_role;

REVOKE ALL ON FUNCTION colophon.begin_change(of_document uuid, kind text, reason text, job_id uuid, processing_tool text, processing_model text, undoes bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.begin_change(of_document uuid, kind text, reason text, job_id uuid, processing_tool text, processing_model text, undoes bigint[]) TO authenticated;
GRANT ALL ON FUNCTION colophon.begin_change(of_document uuid, kind text, reason text, job_id uuid, processing_tool text, processing_model text, undoes bigint[]) TO service_role;

REVOKE ALL ON FUNCTION colophon.calibration(of_tool text, of_model text, of_type text, since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.calibration(of_tool text, of_model text, of_type text, since timestamp with time zone) TO authenticated;
GRANT ALL ON FUNCTION colophon.calibration(of_tool text, of_model text, of_type text, since timestamp with time zone) TO service_role;

REVOKE ALL ON FUNCTION colophon.cancel_job(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.cancel_job(id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.cancel_job(id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.change_job_schedule() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.check_job_transition() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.count_attempts(since timestamp with time zone, until timestamp with time zone, reader text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.count_attempts(since timestamp with time zone, until timestamp with time zone, reader text) TO service_role;

REVOKE ALL ON FUNCTION colophon.count_documents() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.count_job_schedules() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.count_stored_bytes() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.count_usage(owner text, documents bigint, bytes bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.count_usage(owner text, documents bigint, bytes bigint) TO service_role;

REVOKE ALL ON FUNCTION colophon.document_in_view() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.document_in_view() TO authenticated;
GRANT ALL ON FUNCTION colophon.document_in_view() TO service_role;

REVOKE ALL ON FUNCTION colophon.drop_live_work() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.field_value(value jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.field_value(value jsonb) TO authenticated;
GRANT ALL ON FUNCTION colophon.field_value(value jsonb) TO service_role;

REVOKE ALL ON FUNCTION colophon.field_value(plain text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.field_value(plain text) TO authenticated;
GRANT ALL ON FUNCTION colophon.field_value(plain text) TO service_role;

REVOKE ALL ON FUNCTION colophon.fields_of(tags text[], metadata jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.fields_of(tags text[], metadata jsonb) TO authenticated;
GRANT ALL ON FUNCTION colophon.fields_of(tags text[], metadata jsonb) TO service_role;

REVOKE ALL ON FUNCTION colophon.fill_document_of_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.fill_document_of_zone() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.fill_live_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.fill_version_of_zone() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.finish_upload(upload_id uuid, lease_seq bigint, document_id uuid, version integer, job_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.finish_upload(upload_id uuid, lease_seq bigint, document_id uuid, version integer, job_id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.finish_upload(upload_id uuid, lease_seq bigint, document_id uuid, version integer, job_id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.follow_version() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.guard_legal_hold() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.guard_trash() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.index_document_fields() FROM PUBLIC;

GRANT SELECT ON TABLE public.document_changes TO authenticated;
GRANT SELECT ON TABLE public.document_changes TO service_role;

REVOKE ALL ON FUNCTION colophon.is_own_word(change public.document_changes) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.is_own_word(change public.document_changes) TO service_role;

REVOKE ALL ON FUNCTION colophon.is_undone(of_document uuid, of_revision bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.is_undone(of_document uuid, of_revision bigint) TO authenticated;
GRANT ALL ON FUNCTION colophon.is_undone(of_document uuid, of_revision bigint) TO service_role;

REVOKE ALL ON FUNCTION colophon.job_statistics(since timestamp with time zone, until timestamp with time zone, by_day boolean, by_strategy boolean, by_error boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.job_statistics(since timestamp with time zone, until timestamp with time zone, by_day boolean, by_strategy boolean, by_error boolean) TO authenticated;
GRANT ALL ON FUNCTION colophon.job_statistics(since timestamp with time zone, until timestamp with time zone, by_day boolean, by_strategy boolean, by_error boolean) TO service_role;

REVOKE ALL ON FUNCTION colophon.job_transitions() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.job_transitions() TO authenticated;
GRANT ALL ON FUNCTION colophon.job_transitions() TO service_role;

REVOKE ALL ON FUNCTION colophon.keep_zone_confidence() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.live_job(document_id uuid, job_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.live_job(document_id uuid, job_key text) TO authenticated;
GRANT ALL ON FUNCTION colophon.live_job(document_id uuid, job_key text) TO service_role;

REVOKE ALL ON FUNCTION colophon.live_jobs(status text, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.live_jobs(status text, most bigint) TO authenticated;
GRANT ALL ON FUNCTION colophon.live_jobs(status text, most bigint) TO service_role;

REVOKE ALL ON FUNCTION colophon.uuid_v7() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.uuid_v7() TO authenticated;
GRANT ALL ON FUNCTION colophon.uuid_v7() TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_jobs TO service_role;
GRANT SELECT ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(document_id) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(id) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(strategy) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(options) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(version) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(queue) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(priority) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(max_attempts) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(total_pages) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(created_by) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(page_numbers) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(zone_ids) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(run_at) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(timeout_seconds) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(job_key) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(depends_on) ON TABLE public.processing_jobs TO authenticated;

REVOKE ALL ON FUNCTION colophon.lock_job(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.lock_job(id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.may_process(document_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.may_process(document_id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.may_process(document_id uuid) TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.metadata_schemas TO service_role;
GRANT SELECT,DELETE ON TABLE public.metadata_schemas TO authenticated;

GRANT INSERT(owner) ON TABLE public.metadata_schemas TO authenticated;

GRANT INSERT(schema),UPDATE(schema) ON TABLE public.metadata_schemas TO authenticated;

REVOKE ALL ON FUNCTION colophon.metadata_schema_of(document_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.metadata_schema_of(document_id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.metadata_schema_of(document_id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.next_position(queue text, strategy text, priority smallint, owner text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.next_position(queue text, strategy text, priority smallint, owner text) TO service_role;

REVOKE ALL ON FUNCTION colophon.next_revision() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.note_incomplete_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.open_change(of_document uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.open_change(of_document uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.open_share_link(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.open_share_link(token text) TO authenticated;

REVOKE ALL ON FUNCTION colophon.pause_job(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.pause_job(id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.pause_job(id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.pick_jobs(queue text, strategy text, priority smallint, from_position bigint, full_owners text[], most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.pick_jobs(queue text, strategy text, priority smallint, from_position bigint, full_owners text[], most bigint) TO service_role;

REVOKE ALL ON FUNCTION colophon.purge_history(of_document uuid, piece bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.purge_history(of_document uuid, piece bigint) TO service_role;

REVOKE ALL ON FUNCTION colophon.queue_document() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) TO authenticated;
GRANT ALL ON FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) TO service_role;

REVOKE ALL ON FUNCTION colophon.record_job_transition() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.release_object(document_id uuid, storage_path text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.release_object(document_id uuid, storage_path text) TO service_role;

REVOKE ALL ON FUNCTION colophon.release_object_of_version() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.release_objects_of_export() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.resume_job(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.resume_job(id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.resume_job(id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.retry_job(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.retry_job(id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.retry_job(id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid, of_language text, of_document uuid, of_page integer) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid, of_language text, of_document uuid, of_page integer) TO authenticated;
GRANT ALL ON FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid, of_language text, of_document uuid, of_page integer) TO service_role;

REVOKE ALL ON FUNCTION colophon.settle_document(job public.processing_jobs) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.settle_document(job public.processing_jobs) TO service_role;

REVOKE ALL ON FUNCTION colophon.shared_documents(least_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.shared_documents(least_role text) TO authenticated;

REVOKE ALL ON FUNCTION colophon.status_of_version(document_id uuid, version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.status_of_version(document_id uuid, version integer) TO authenticated;
GRANT ALL ON FUNCTION colophon.status_of_version(document_id uuid, version integer) TO service_role;

REVOKE ALL ON FUNCTION colophon.take_object(document_id uuid, storage_path text, file_size_bytes bigint, sha256 text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.take_object(document_id uuid, storage_path text, file_size_bytes bigint, sha256 text) TO service_role;

REVOKE ALL ON FUNCTION colophon.take_object_of_version() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.take_objects_of_export() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.touch_job_status() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.touch_updated_at() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.undone_revisions(of_document uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.undone_revisions(of_document uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.undone_revisions(of_document uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.viewers_of(document_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.viewers_of(document_ids uuid[]) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_brought_back() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.zone_changed() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.zone_deleted() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.zone_drawn() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.zone_inserted() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.zone_search_text(content text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_search_text(content text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_search_text(content text) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_text_config(language text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_text_config(language text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_text_config(language text) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_text_query(search_text text, of_language text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_text_query(search_text text, of_language text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_text_query(search_text text, of_language text) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_text_vector(content text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_text_vector(content text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_text_vector(content text) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_text_vector(content text, language text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_text_vector(content text, language text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_text_vector(content text, language text) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_transitions() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_transitions() TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_transitions() TO service_role;

REVOKE ALL ON FUNCTION public.create_share_link(document_id uuid, role text, expires_at timestamp with time zone, max_uses integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_share_link(document_id uuid, role text, expires_at timestamp with time zone, max_uses integer) TO authenticated;
GRANT ALL ON FUNCTION public.create_share_link(document_id uuid, role text, expires_at timestamp with time zone, max_uses integer) TO service_role;

REVOKE ALL ON FUNCTION public.open_share_link(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_share_link(token text) TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.document_fields TO service_role;
GRANT SELECT ON TABLE colophon.document_fields TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.document_share_tokens TO service_role;
GRANT INSERT ON TABLE colophon.document_share_tokens TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.idempotency_keys TO service_role;
GRANT SELECT,INSERT ON TABLE colophon.idempotency_keys TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.imported_zones TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.imported_zones TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.incomplete_jobs TO service_role;
GRANT SELECT ON TABLE colophon.incomplete_jobs TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.job_positions TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.objects TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.owner_usage TO service_role;
GRANT SELECT ON TABLE colophon.owner_usage TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.processing_statistics TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.processing_statistics_progress TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.quotas TO service_role;
GRANT SELECT ON TABLE colophon.quotas TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.signing_keys TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.uploads TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.correction_outcomes TO service_role;
GRANT SELECT ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(document_id) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(id) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(correction_id) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(zone_id) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(revision) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(outcome) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(zone_ids) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(candidates) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(base) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(theirs) ON TABLE public.correction_outcomes TO authenticated;

GRANT INSERT(yours) ON TABLE public.correction_outcomes TO authenticated;

GRANT UPDATE(resolved_at) ON TABLE public.correction_outcomes TO authenticated;

GRANT UPDATE(resolved_by) ON TABLE public.correction_outcomes TO authenticated;

GRANT UPDATE(resolution) ON TABLE public.correction_outcomes TO authenticated;

GRANT SELECT ON TABLE public.document_accesses TO authenticated;
GRANT SELECT ON TABLE public.document_accesses TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_pages TO service_role;
GRANT SELECT,INSERT ON TABLE public.document_pages TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_share_uses TO service_role;
GRANT SELECT ON TABLE public.document_share_uses TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_shares TO service_role;
GRANT SELECT ON TABLE public.document_shares TO authenticated;

GRANT INSERT(document_id) ON TABLE public.document_shares TO authenticated;

GRANT INSERT(id) ON TABLE public.document_shares TO authenticated;

GRANT INSERT(role) ON TABLE public.document_shares TO authenticated;

GRANT INSERT(user_id) ON TABLE public.document_shares TO authenticated;

GRANT INSERT(expires_at) ON TABLE public.document_shares TO authenticated;

GRANT INSERT(max_uses) ON TABLE public.document_shares TO authenticated;

GRANT INSERT(created_by) ON TABLE public.document_shares TO authenticated;

GRANT UPDATE(revoked_at) ON TABLE public.document_shares TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_versions TO service_role;
GRANT SELECT,INSERT ON TABLE public.document_versions TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.documents TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.documents TO authenticated;

GRANT UPDATE(filename) ON TABLE public.documents TO authenticated;

GRANT UPDATE(metadata) ON TABLE public.documents TO authenticated;

GRANT UPDATE(version) ON TABLE public.documents TO authenticated;

GRANT UPDATE(deleted_at) ON TABLE public.documents TO authenticated;

GRANT UPDATE(tags) ON TABLE public.documents TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.export_records TO service_role;
GRANT SELECT,INSERT ON TABLE public.export_records TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_limits TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_queue TO service_role;

GRANT INSERT(job_id) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(document_id) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(queue) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(strategy) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(priority) ON TABLE public.job_queue TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_schedules TO service_role;
GRANT SELECT,DELETE ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(document_id) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(id) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(name),UPDATE(name) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(cron),UPDATE(cron) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(time_zone),UPDATE(time_zone) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(strategy),UPDATE(strategy) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(options),UPDATE(options) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(page_numbers),UPDATE(page_numbers) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(queue),UPDATE(queue) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(priority),UPDATE(priority) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(max_attempts),UPDATE(max_attempts) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(timeout_seconds),UPDATE(timeout_seconds) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(enabled),UPDATE(enabled) ON TABLE public.job_schedules TO authenticated;

GRANT INSERT(created_by) ON TABLE public.job_schedules TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.paused_queues TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_attempts TO service_role;
GRANT SELECT ON TABLE public.processing_attempts TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_history TO service_role;
GRANT SELECT ON TABLE public.processing_history TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_job_pages TO service_role;
GRANT SELECT ON TABLE public.processing_job_pages TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_job_zones TO service_role;
GRANT SELECT ON TABLE public.processing_job_zones TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.reading_orders TO service_role;
GRANT SELECT,DELETE ON TABLE public.reading_orders TO authenticated;

GRANT INSERT(document_id) ON TABLE public.reading_orders TO authenticated;

GRANT INSERT(version) ON TABLE public.reading_orders TO authenticated;

GRANT INSERT(name) ON TABLE public.reading_orders TO authenticated;

GRANT INSERT(items),UPDATE(items) ON TABLE public.reading_orders TO authenticated;

GRANT INSERT(created_by) ON TABLE public.reading_orders TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_corrections TO service_role;
GRANT SELECT,INSERT ON TABLE public.user_corrections TO authenticated;

GRANT SELECT,INSERT ON TABLE public.zone_confidence_history TO service_role;
GRANT SELECT ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(document_id) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(id) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(zone_id) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(confidence) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(processing_tool) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(recorded_at) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(processing_model) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(job_id) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(zone_type) ON TABLE public.zone_confidence_history TO authenticated;

GRANT INSERT(page_number) ON TABLE public.zone_confidence_history TO authenticated;

GRANT SELECT ON TABLE public.zone_history TO authenticated;
GRANT SELECT ON TABLE public.zone_history TO service_role;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.zones TO service_role;
GRANT SELECT,DELETE ON TABLE public.zones TO authenticated;

GRANT INSERT(document_id) ON TABLE public.zones TO authenticated;

GRANT INSERT(id) ON TABLE public.zones TO authenticated;

GRANT INSERT(zone_index),UPDATE(zone_index) ON TABLE public.zones TO authenticated;

GRANT INSERT(page_number),UPDATE(page_number) ON TABLE public.zones TO authenticated;

GRANT INSERT(zone_type),UPDATE(zone_type) ON TABLE public.zones TO authenticated;

GRANT INSERT(coordinates),UPDATE(coordinates) ON TABLE public.zones TO authenticated;

GRANT INSERT(content),UPDATE(content) ON TABLE public.zones TO authenticated;

GRANT INSERT(confidence),UPDATE(confidence) ON TABLE public.zones TO authenticated;

GRANT INSERT(processing_tool),UPDATE(processing_tool) ON TABLE public.zones TO authenticated;

GRANT INSERT(status),UPDATE(status) ON TABLE public.zones TO authenticated;

GRANT INSERT(created_at) ON TABLE public.zones TO authenticated;

GRANT INSERT(updated_at) ON TABLE public.zones TO authenticated;

GRANT INSERT(metadata),UPDATE(metadata) ON TABLE public.zones TO authenticated;

GRANT INSERT(version) ON TABLE public.zones TO authenticated;

GRANT INSERT(label),UPDATE(label) ON TABLE public.zones TO authenticated;

GRANT INSERT(external_id),UPDATE(external_id) ON TABLE public.zones TO authenticated;

GRANT INSERT(parent_id),UPDATE(parent_id) ON TABLE public.zones TO authenticated;

GRANT INSERT(language),UPDATE(language) ON TABLE public.zones TO authenticated;

GRANT INSERT(processing_model),UPDATE(processing_model) ON TABLE public.zones TO authenticated;

GRANT INSERT(job_id),UPDATE(job_id) ON TABLE public.zones TO authenticated;

GRANT INSERT(source),UPDATE(source) ON TABLE public.zones TO authenticated;

GRANT INSERT(original),UPDATE(original) ON TABLE public.zones TO authenticated;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE public.zones TO authenticated;

CREATE POLICY colophon_objects_owner_insert ON storage.objects FOR INSERT TO authenticated
    WITH CHECK (((bucket_id = 'documents'::text) AND ((storage.foldername(name))[1] = (( SELECT auth.uid() AS uid))::text)));

CREATE POLICY colophon_objects_owner_select ON storage.objects FOR SELECT TO authenticated
    USING (((bucket_id = 'documents'::text) AND ((storage.foldername(name))[1] = (( SELECT auth.uid() AS uid))::text)));
