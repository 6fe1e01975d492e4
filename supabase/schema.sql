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

CREATE FUNCTION colophon.check_job_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if not exists (
    select from colophon.job_transitions() t where t.from_status = old.status and t.to_status = new.status
  ) then
    raise exception 'a job cannot go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'processing_jobs_transition_check',
            schema = 'public', table = 'processing_jobs';
  end if;
  new.status_changed_at := clock_timestamp();
  return new;
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

CREATE FUNCTION colophon.queue_document() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.documents set status = 'queued', status_detail = null
  where id = new.document_id and status in ('uploaded', 'processed', 'partially_processed', 'failed');
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
  by_share uuid;
begin
  if caller is null and coalesce(current_setting('role', true), '') <> 'service_role' then
    raise exception 'an access needs a name: sign in first' using errcode = 'insufficient_privilege';
  end if;
  select d.uploaded_by into owner from public.documents d where d.id = of_document;
  if not found then
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

CREATE FUNCTION colophon.record_zone_confidence() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  insert into public.zone_confidence_history (document_id, zone_id, confidence, processing_tool)
  values (new.document_id, new.id, new.confidence, new.processing_tool);
  return null;
end
$$;

CREATE FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid) RETURNS TABLE(document_id uuid, filename text, zone_id uuid, page_number integer, zone_index integer, zone_type text, coordinates jsonb, excerpt text, rank real)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with query as (
    select websearch_to_tsquery('pg_catalog.simple'::regconfig, search_text) as q,
           (select auth.uid())::text as reader,
           coalesce(current_setting('role', true), '') = 'service_role' as reads_all
  ), hits as (
    select z.document_id, d.filename, z.id, z.page_number, z.zone_index, z.zone_type, z.coordinates, z.content,
           ts_rank(colophon.zone_text_vector(z.content), query.q) as rank, query.q
    from query
    join public.zones z on colophon.zone_text_vector(z.content) operator(pg_catalog.@@) query.q
    join public.documents d on d.id = z.document_id
    where query.reads_all or d.uploaded_by = query.reader
      or d.id in (select colophon.shared_documents('viewer'))
  ), page as (
    select * from hits h
    where after_id is null or (h.rank, h.id) < (after_rank, after_id)
    order by h.rank desc, h.id desc
    limit result_limit
  )
  select p.document_id, p.filename, p.id, p.page_number, p.zone_index, p.zone_type, p.coordinates,
         ts_headline('pg_catalog.simple'::regconfig, colophon.zone_search_text(p.content), p.q,
           'StartSel=«, StopSel=», MaxFragments=2, MaxWords=18, MinWords=6'),
         p.rank
  from page p
  order by p.rank desc, p.id desc
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

CREATE FUNCTION colophon.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := now();
  return new;
end
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

CREATE FUNCTION colophon.zone_search_text(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select left(replace(replace(coalesce(content, ''), U&'\00AD', ''), E'-\n', ''), 100000)
$$;

CREATE FUNCTION colophon.zone_text_vector(content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select to_tsvector('pg_catalog.simple'::regconfig, colophon.zone_search_text(content))
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
    CONSTRAINT idempotency_keys_key_check CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
);

CREATE TABLE colophon.signing_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    secret bytea DEFAULT sha256(convert_to((((gen_random_uuid())::text || (gen_random_uuid())::text) || (gen_random_uuid())::text), 'UTF8'::name)) NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT signing_keys_secret_check CHECK ((octet_length(secret) = 32))
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
    CONSTRAINT document_versions_file_size_bytes_check CHECK ((file_size_bytes >= 0)),
    CONSTRAINT document_versions_page_count_check CHECK ((page_count >= 0)),
    CONSTRAINT document_versions_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT document_versions_storage_path_check CHECK (((split_part(storage_path, '/'::text, 2) = (document_id)::text) AND (char_length(storage_path) <= 1024))),
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
    CONSTRAINT documents_file_size_bytes_check CHECK ((file_size_bytes >= 0)),
    CONSTRAINT documents_filename_check CHECK (((char_length(filename) >= 1) AND (char_length(filename) <= 255))),
    CONSTRAINT documents_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT documents_mime_type_check CHECK ((char_length(mime_type) <= 255)),
    CONSTRAINT documents_original_filename_check CHECK (((octet_length(original_filename) >= 1) AND (octet_length(original_filename) <= 1024))),
    CONSTRAINT documents_page_count_check CHECK ((page_count >= 0)),
    CONSTRAINT documents_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT documents_status_check CHECK ((status = ANY (ARRAY['uploaded'::text, 'queued'::text, 'processing'::text, 'processed'::text, 'partially_processed'::text, 'password_required'::text, 'damaged'::text, 'failed'::text]))),
    CONSTRAINT documents_storage_path_check CHECK ((char_length(storage_path) <= 1024)),
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
    CONSTRAINT job_queue_lease_check CHECK (((state = 'running'::text) = ((lease_until IS NOT NULL) AND (worker IS NOT NULL) AND (started_at IS NOT NULL)))),
    CONSTRAINT job_queue_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT job_queue_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'scheduled'::text, 'running'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_analyze_scale_factor='0', autovacuum_analyze_threshold='5000', autovacuum_vacuum_cost_delay='0');

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
    created_at timestamp with time zone DEFAULT now(),
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
    CONSTRAINT processing_job_pages_error_check CHECK (((outcome = 'failed'::text) = (error_code IS NOT NULL))),
    CONSTRAINT processing_job_pages_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'failed'::text]))),
    CONSTRAINT processing_job_pages_page_number_check CHECK ((page_number >= 1)),
    CONSTRAINT processing_job_pages_zone_count_check CHECK ((zone_count >= 0))
);

CREATE TABLE public.processing_jobs (
    document_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
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
    CONSTRAINT processing_jobs_attempt_check CHECK (((attempt >= 0) AND ((max_attempts >= 1) AND (max_attempts <= 100)))),
    CONSTRAINT processing_jobs_completed_at_check CHECK (((completed_at IS NOT NULL) = (status = ANY (ARRAY['completed'::text, 'partially_completed'::text, 'failed'::text, 'cancelled'::text])))),
    CONSTRAINT processing_jobs_counts_check CHECK (((total_zones >= 0) AND (completed_zones >= 0) AND (error_count >= 0) AND (total_pages >= 0) AND (completed_pages >= 0))),
    CONSTRAINT processing_jobs_priority_check CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT processing_jobs_progress_check CHECK (((progress >= (0)::numeric) AND (progress <= (100)::numeric))),
    CONSTRAINT processing_jobs_queue_check CHECK (((char_length(queue) >= 1) AND (char_length(queue) <= 50))),
    CONSTRAINT processing_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'paused'::text, 'retrying'::text, 'completed'::text, 'partially_completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT processing_jobs_strategy_check CHECK ((char_length(strategy) <= 50))
);

CREATE TABLE public.user_corrections (
    document_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    zone_id uuid NOT NULL,
    original_content text,
    corrected_content text NOT NULL,
    confidence_before numeric,
    confidence_after numeric DEFAULT 1.0,
    correction_type text,
    corrected_by text DEFAULT (auth.uid())::text,
    created_at timestamp with time zone DEFAULT now(),
    CONSTRAINT user_corrections_confidence_check CHECK ((((confidence_before >= (0)::numeric) AND (confidence_before <= (1)::numeric)) AND ((confidence_after >= (0)::numeric) AND (confidence_after <= (1)::numeric)))),
    CONSTRAINT user_corrections_corrected_by_check CHECK ((char_length(corrected_by) <= 255)),
    CONSTRAINT user_corrections_correction_type_check CHECK ((char_length(correction_type) <= 50))
);

CREATE TABLE public.zone_confidence_history (
    document_id uuid NOT NULL,
    id uuid DEFAULT colophon.uuid_v7() NOT NULL,
    zone_id uuid NOT NULL,
    confidence numeric NOT NULL,
    processing_tool text,
    recorded_at timestamp with time zone DEFAULT now(),
    CONSTRAINT zone_confidence_history_confidence_check CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT zone_confidence_history_processing_tool_check CHECK ((char_length(processing_tool) <= 100))
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
    version integer DEFAULT 1 NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    CONSTRAINT zones_confidence_check CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT zones_coordinates_check CHECK ((jsonb_typeof(coordinates) = 'object'::text)),
    CONSTRAINT zones_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT zones_page_number_check CHECK ((page_number >= 1)),
    CONSTRAINT zones_processing_tool_check CHECK ((char_length(processing_tool) <= 100)),
    CONSTRAINT zones_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'processing'::text, 'completed'::text, 'failed'::text, 'verified'::text]))),
    CONSTRAINT zones_version_check CHECK ((version >= 1)),
    CONSTRAINT zones_zone_index_check CHECK ((zone_index >= 0)),
    CONSTRAINT zones_zone_type_check CHECK (((char_length(zone_type) >= 1) AND (char_length(zone_type) <= 50)))
);

ALTER TABLE ONLY colophon.document_share_tokens
    ADD CONSTRAINT document_share_tokens_pkey PRIMARY KEY (document_id, share_id);

ALTER TABLE ONLY colophon.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key);

ALTER TABLE ONLY colophon.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.document_accesses
    ADD CONSTRAINT document_accesses_pkey PRIMARY KEY (document_id, id);

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

ALTER TABLE ONLY public.job_queue
    ADD CONSTRAINT job_queue_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY public.processing_attempts
    ADD CONSTRAINT processing_attempts_pkey PRIMARY KEY (document_id, job_id, lease_seq);

ALTER TABLE ONLY public.processing_history
    ADD CONSTRAINT processing_history_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.processing_job_pages
    ADD CONSTRAINT processing_job_pages_pkey PRIMARY KEY (document_id, job_id, page_number);

ALTER TABLE ONLY public.processing_jobs
    ADD CONSTRAINT processing_jobs_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.user_corrections
    ADD CONSTRAINT user_corrections_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.zone_confidence_history
    ADD CONSTRAINT zone_confidence_history_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.zones
    ADD CONSTRAINT zones_pkey PRIMARY KEY (document_id, id);

ALTER TABLE ONLY public.zones
    ADD CONSTRAINT zones_zone_index_key UNIQUE (document_id, zone_index);

CREATE INDEX document_share_tokens_token_hash_idx ON colophon.document_share_tokens USING btree (token_hash);

CREATE INDEX idempotency_keys_created_at_idx ON colophon.idempotency_keys USING btree (created_at);

CREATE INDEX document_accesses_created_at_idx ON public.document_accesses USING btree (document_id, created_at DESC, id DESC);

CREATE INDEX document_share_uses_user_id_idx ON public.document_share_uses USING btree (user_id);

CREATE INDEX document_shares_user_id_idx ON public.document_shares USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX document_versions_sha256_idx ON public.document_versions USING btree (sha256);

CREATE INDEX documents_created_at_idx ON public.documents USING btree (created_at DESC, id DESC);

CREATE INDEX documents_status_idx ON public.documents USING btree (status, created_at DESC, id DESC);

CREATE INDEX documents_uploaded_by_idx ON public.documents USING btree (uploaded_by, created_at DESC, id DESC);

CREATE INDEX export_records_created_at_idx ON public.export_records USING btree (created_at DESC, id DESC);

CREATE INDEX export_records_id_idx ON public.export_records USING btree (id);

CREATE INDEX job_queue_claim_idx ON public.job_queue USING btree (queue, priority, run_at) WHERE (state = 'queued'::text);

CREATE INDEX job_queue_running_idx ON public.job_queue USING btree (started_at) WHERE (state = 'running'::text);

CREATE INDEX job_queue_scheduled_idx ON public.job_queue USING btree (run_at) WHERE (state = 'scheduled'::text);

CREATE INDEX processing_history_job_id_idx ON public.processing_history USING btree (document_id, job_id, id);

CREATE INDEX processing_jobs_created_at_idx ON public.processing_jobs USING btree (created_at DESC, id DESC);

CREATE INDEX processing_jobs_id_idx ON public.processing_jobs USING btree (id);

CREATE INDEX processing_jobs_status_idx ON public.processing_jobs USING btree (status, created_at DESC, id DESC);

CREATE INDEX user_corrections_zone_id_idx ON public.user_corrections USING btree (document_id, zone_id);

CREATE INDEX zone_confidence_history_zone_id_idx ON public.zone_confidence_history USING btree (document_id, zone_id);

CREATE INDEX zones_content_idx ON public.zones USING gin (colophon.zone_text_vector(content));

CREATE INDEX zones_id_idx ON public.zones USING btree (id);

CREATE INDEX zones_page_number_idx ON public.zones USING btree (document_id, page_number, zone_index);

CREATE TRIGGER documents_revision BEFORE UPDATE OF filename, metadata, version ON public.documents FOR EACH ROW WHEN ((((old.filename IS DISTINCT FROM new.filename) OR (old.metadata IS DISTINCT FROM new.metadata)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION colophon.next_revision();

CREATE TRIGGER documents_touch BEFORE UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION colophon.touch_updated_at();

CREATE TRIGGER processing_history_document BEFORE INSERT ON public.processing_history FOR EACH ROW WHEN ((new.document_id IS NULL)) EXECUTE FUNCTION colophon.fill_document_of_job();

CREATE TRIGGER processing_jobs_enqueued AFTER INSERT ON public.processing_jobs FOR EACH ROW EXECUTE FUNCTION colophon.record_job_transition();

CREATE TRIGGER processing_jobs_queued AFTER INSERT ON public.processing_jobs FOR EACH ROW EXECUTE FUNCTION colophon.queue_document();

CREATE TRIGGER processing_jobs_recorded AFTER UPDATE OF status ON public.processing_jobs FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION colophon.record_job_transition();

CREATE TRIGGER processing_jobs_touch BEFORE UPDATE ON public.processing_jobs FOR EACH ROW EXECUTE FUNCTION colophon.touch_updated_at();

CREATE TRIGGER processing_jobs_transition BEFORE UPDATE OF status ON public.processing_jobs FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION colophon.check_job_transition();

CREATE TRIGGER user_corrections_document BEFORE INSERT ON public.user_corrections FOR EACH ROW WHEN ((new.document_id IS NULL)) EXECUTE FUNCTION colophon.fill_document_of_zone();

CREATE TRIGGER zone_confidence_history_document BEFORE INSERT ON public.zone_confidence_history FOR EACH ROW WHEN ((new.document_id IS NULL)) EXECUTE FUNCTION colophon.fill_document_of_zone();

CREATE TRIGGER zones_confidence_inserted AFTER INSERT ON public.zones FOR EACH ROW WHEN ((new.confidence IS NOT NULL)) EXECUTE FUNCTION colophon.record_zone_confidence();

CREATE TRIGGER zones_confidence_updated AFTER UPDATE OF confidence ON public.zones FOR EACH ROW WHEN (((new.confidence IS NOT NULL) AND (new.confidence IS DISTINCT FROM old.confidence))) EXECUTE FUNCTION colophon.record_zone_confidence();

CREATE TRIGGER zones_revision BEFORE UPDATE ON public.zones FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION colophon.next_revision();

ALTER TABLE ONLY colophon.document_share_tokens
    ADD CONSTRAINT document_share_tokens_document_id_share_id_fkey FOREIGN KEY (document_id, share_id) REFERENCES public.document_shares(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.document_accesses
    ADD CONSTRAINT document_accesses_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

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

ALTER TABLE ONLY public.processing_attempts
    ADD CONSTRAINT processing_attempts_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_history
    ADD CONSTRAINT processing_history_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_job_pages
    ADD CONSTRAINT processing_job_pages_document_id_job_id_fkey FOREIGN KEY (document_id, job_id) REFERENCES public.processing_jobs(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.processing_jobs
    ADD CONSTRAINT processing_jobs_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_corrections
    ADD CONSTRAINT user_corrections_document_id_zone_id_fkey FOREIGN KEY (document_id, zone_id) REFERENCES public.zones(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.zone_confidence_history
    ADD CONSTRAINT zone_confidence_history_document_id_zone_id_fkey FOREIGN KEY (document_id, zone_id) REFERENCES public.zones(document_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.zones
    ADD CONSTRAINT zones_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

ALTER TABLE colophon.document_share_tokens ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_share_tokens_insert ON colophon.document_share_tokens FOR INSERT TO authenticated WITH CHECK ((EXISTS ( SELECT
   FROM public.document_shares s
  WHERE ((s.document_id = document_share_tokens.document_id) AND (s.id = document_share_tokens.share_id) AND (s.user_id IS NULL) AND (s.created_by = (( SELECT auth.uid() AS uid))::text)))));

ALTER TABLE colophon.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_owner_insert ON colophon.idempotency_keys FOR INSERT TO authenticated WITH CHECK ((owner = (( SELECT auth.uid() AS uid))::text));

CREATE POLICY idempotency_keys_owner_select ON colophon.idempotency_keys FOR SELECT TO authenticated USING ((owner = (( SELECT auth.uid() AS uid))::text));

ALTER TABLE colophon.signing_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.document_accesses ENABLE ROW LEVEL SECURITY;

CREATE POLICY document_accesses_select ON public.document_accesses FOR SELECT TO authenticated USING ((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = document_accesses.document_id) AND (d.uploaded_by = (( SELECT auth.uid() AS uid))::text)))));

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

CREATE POLICY documents_select ON public.documents FOR SELECT TO authenticated USING (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (id IN ( SELECT colophon.shared_documents('viewer'::text) AS shared_documents))));

CREATE POLICY documents_update ON public.documents FOR UPDATE TO authenticated USING (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))) WITH CHECK (((uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))));

ALTER TABLE public.export_records ENABLE ROW LEVEL SECURITY;

CREATE POLICY export_records_insert ON public.export_records FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = export_records.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY export_records_select ON public.export_records FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = export_records.document_id)))));

ALTER TABLE public.job_queue ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_queue_insert ON public.job_queue FOR INSERT TO authenticated WITH CHECK (((document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = job_queue.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents)))))) AND (EXISTS ( SELECT
   FROM public.processing_jobs j
  WHERE ((j.document_id = job_queue.document_id) AND (j.id = job_queue.job_id) AND (j.status = 'queued'::text))))));

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

ALTER TABLE public.processing_jobs ENABLE ROW LEVEL SECURITY;

CREATE POLICY processing_jobs_insert ON public.processing_jobs FOR INSERT TO authenticated WITH CHECK (((created_by = (( SELECT auth.uid() AS uid))::text) AND (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE ((d.id = processing_jobs.document_id) AND ((d.uploaded_by = (( SELECT auth.uid() AS uid))::text) OR (d.id IN ( SELECT colophon.shared_documents('editor'::text) AS shared_documents))))))));

CREATE POLICY processing_jobs_select ON public.processing_jobs FOR SELECT TO authenticated USING (((document_id = ( SELECT colophon.document_in_view() AS document_in_view)) OR (document_id = ( SELECT d.id
   FROM public.documents d
  WHERE (d.id = processing_jobs.document_id)))));

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

REVOKE ALL ON FUNCTION colophon.check_job_transition() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.document_in_view() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.document_in_view() TO authenticated;
GRANT ALL ON FUNCTION colophon.document_in_view() TO service_role;

REVOKE ALL ON FUNCTION colophon.fill_document_of_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.fill_document_of_zone() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.job_transitions() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.job_transitions() TO authenticated;
GRANT ALL ON FUNCTION colophon.job_transitions() TO service_role;

REVOKE ALL ON FUNCTION colophon.next_revision() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.open_share_link(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.open_share_link(token text) TO authenticated;

REVOKE ALL ON FUNCTION colophon.queue_document() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) TO authenticated;
GRANT ALL ON FUNCTION colophon.record_access(of_document uuid, what text, in_part boolean) TO service_role;

REVOKE ALL ON FUNCTION colophon.record_job_transition() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.record_zone_confidence() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid) TO authenticated;
GRANT ALL ON FUNCTION colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid) TO service_role;

REVOKE ALL ON FUNCTION colophon.shared_documents(least_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.shared_documents(least_role text) TO authenticated;

REVOKE ALL ON FUNCTION colophon.touch_updated_at() FROM PUBLIC;

REVOKE ALL ON FUNCTION colophon.uuid_v7() FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.uuid_v7() TO authenticated;
GRANT ALL ON FUNCTION colophon.uuid_v7() TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_search_text(content text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_search_text(content text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_search_text(content text) TO service_role;

REVOKE ALL ON FUNCTION colophon.zone_text_vector(content text) FROM PUBLIC;
GRANT ALL ON FUNCTION colophon.zone_text_vector(content text) TO authenticated;
GRANT ALL ON FUNCTION colophon.zone_text_vector(content text) TO service_role;

REVOKE ALL ON FUNCTION public.create_share_link(document_id uuid, role text, expires_at timestamp with time zone, max_uses integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_share_link(document_id uuid, role text, expires_at timestamp with time zone, max_uses integer) TO authenticated;
GRANT ALL ON FUNCTION public.create_share_link(document_id uuid, role text, expires_at timestamp with time zone, max_uses integer) TO service_role;

REVOKE ALL ON FUNCTION public.open_share_link(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_share_link(token text) TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.document_share_tokens TO service_role;
GRANT INSERT ON TABLE colophon.document_share_tokens TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.idempotency_keys TO service_role;
GRANT SELECT,INSERT ON TABLE colophon.idempotency_keys TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE colophon.signing_keys TO service_role;

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

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.export_records TO service_role;
GRANT SELECT,INSERT ON TABLE public.export_records TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_queue TO service_role;

GRANT INSERT(job_id) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(document_id) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(queue) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(strategy) ON TABLE public.job_queue TO authenticated;

GRANT INSERT(priority) ON TABLE public.job_queue TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_attempts TO service_role;
GRANT SELECT ON TABLE public.processing_attempts TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_history TO service_role;
GRANT SELECT ON TABLE public.processing_history TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_job_pages TO service_role;
GRANT SELECT ON TABLE public.processing_job_pages TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.processing_jobs TO service_role;
GRANT SELECT ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(document_id) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(id) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(strategy) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(options) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(version) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(queue) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(priority) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(total_pages) ON TABLE public.processing_jobs TO authenticated;

GRANT INSERT(created_by) ON TABLE public.processing_jobs TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_corrections TO service_role;
GRANT SELECT,INSERT ON TABLE public.user_corrections TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.zone_confidence_history TO service_role;
GRANT SELECT,INSERT ON TABLE public.zone_confidence_history TO authenticated;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.zones TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.zones TO authenticated;

GRANT UPDATE(zone_type) ON TABLE public.zones TO authenticated;

GRANT UPDATE(coordinates) ON TABLE public.zones TO authenticated;

GRANT UPDATE(content) ON TABLE public.zones TO authenticated;

GRANT UPDATE(confidence) ON TABLE public.zones TO authenticated;

GRANT UPDATE(processing_tool) ON TABLE public.zones TO authenticated;

GRANT UPDATE(status) ON TABLE public.zones TO authenticated;

GRANT UPDATE(metadata) ON TABLE public.zones TO authenticated;

CREATE POLICY colophon_objects_owner_insert ON storage.objects FOR INSERT TO authenticated
    WITH CHECK (((bucket_id = 'documents'::text) AND ((storage.foldername(name))[1] = (( SELECT auth.uid() AS uid))::text)));

CREATE POLICY colophon_objects_owner_select ON storage.objects FOR SELECT TO authenticated
    USING (((bucket_id = 'documents'::text) AND ((storage.foldername(name))[1] = (( SELECT auth.uid() AS uid))::text)));
