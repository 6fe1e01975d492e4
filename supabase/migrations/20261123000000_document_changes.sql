-- Every change of a document's zones is on record and can be undone: who or which run, why, when, and what was before.
-- New tables; new columns without a rewrite (nullable, or with a constant default); triggers replaced. Each ALTER TABLE
-- takes ACCESS EXCLUSIVE for an instant; the new foreign keys are checked for old rows in 20261123000300.
-- Back: rollbacks/20261123000000_document_changes.sql drops the history, and the corrections of zones that are gone.
--
-- A change is what one transaction does to the zones of a document. Its revision is counted by document, with the
-- document's row locked until the transaction ends: the order of revisions is the order of commits. A zone's row is its
-- newest state; the states before are in zone_history, written here and by nobody else. Nothing is written beside a zone
-- that is inserted, so that bulk stays bulk.

alter table public.documents add column zones_revision bigint not null default 0;

create table public.document_changes (
  document_id      uuid not null references public.documents (id) on delete cascade,
  revision         bigint not null,
  kind             text not null,
  version          integer not null,
  -- The person in whose name it was done; null is the platform.
  changed_by       text,
  -- The run: a plain value, since a job may be pruned and what it did stays.
  job_id           uuid,
  processing_tool  text,
  processing_model text,
  reason           text,
  -- The revisions that this one undid.
  undoes           bigint[] not null default '{}',
  -- When the document was locked for it, so that time and revision have one order.
  created_at       timestamptz not null default clock_timestamp(),
  -- One change for a document and a transaction. A restored database counts its transactions anew: with the time.
  transaction_id   xid8 not null default pg_current_xact_id(),
  primary key (document_id, revision),
  constraint document_changes_kind_check check (kind in ('edit', 'run', 'import', 'resolve', 'undo')),
  constraint document_changes_changed_by_check check (char_length(changed_by) <= 255),
  constraint document_changes_processing_tool_check check (char_length(processing_tool) <= 100),
  constraint document_changes_processing_model_check check (char_length(processing_model) <= 100),
  constraint document_changes_reason_check check (char_length(reason) between 1 and 1000)
);

-- The states that zones were in: from one revision, until another. No foreign key to zones: it outlives them.
create table public.zone_history (
  document_id    uuid not null references public.documents (id) on delete cascade,
  zone_id        uuid not null,
  zones_revision bigint not null,
  until_revision bigint not null,
  -- The row as it was, by the names of its columns.
  zone           jsonb not null,
  primary key (document_id, zone_id, zones_revision),
  constraint zone_history_revisions_check check (until_revision > zones_revision)
);
create index zone_history_until_revision_idx on public.zone_history (document_id, until_revision);

-- Rows that were there before have revision 0. Without a default, whoever does not name the revision gets the right one.
-- lint-ignore: ban-drop-default the trigger below gives the revision of the change, where the default gave 0
alter table public.zones
  add column zones_revision bigint not null default 0,
  add column label text,
  add column external_id text,
  add column parent_id uuid,
  add column language text,
  add column processing_model text,
  add column job_id uuid,
  add column source jsonb,
  add column original jsonb,
  add column created_by text;
alter table public.zones alter column zones_revision drop default;
alter table public.zones
  add constraint zones_label_check check (char_length(label) between 1 and 200) not valid,
  add constraint zones_external_id_check check (char_length(external_id) between 1 and 500) not valid,
  add constraint zones_language_check check (language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$') not valid,
  add constraint zones_processing_model_check check (char_length(processing_model) <= 100) not valid,
  add constraint zones_source_check check (jsonb_typeof(source) = 'object') not valid,
  add constraint zones_original_check check (jsonb_typeof(original) = 'object') not valid,
  add constraint zones_created_by_check check (char_length(created_by) <= 255) not valid,
  add constraint zones_parent_id_check check (parent_id <> id) not valid;

-- Corrections and confidences outlive the zone they were made of.
-- lint-ignore: ban-drop-constraint the new keys to documents hold what must hold: they go with the document
alter table public.user_corrections drop constraint user_corrections_document_id_zone_id_fkey;
-- lint-ignore: ban-drop-constraint as above
alter table public.zone_confidence_history drop constraint zone_confidence_history_document_id_zone_id_fkey;
alter table public.user_corrections add constraint user_corrections_document_id_fkey
  foreign key (document_id) references public.documents (id) on delete cascade not valid;
alter table public.zone_confidence_history add constraint zone_confidence_history_document_id_fkey
  foreign key (document_id) references public.documents (id) on delete cascade not valid;

-- A correction of a zone's type or place has no text.
-- lint-ignore: ban-drop-not-null a correction of a type or a place has no text; readers that want one filter by correction_type
alter table public.user_corrections alter column corrected_content drop not null;
alter table public.user_corrections
  add column zones_revision bigint,
  add column before jsonb,
  add column after jsonb,
  add column zone_ids uuid[] not null default '{}',
  add column page_number integer,
  add column zone_type text,
  add column processing_tool text,
  add column processing_model text,
  add column reason text;
alter table public.user_corrections
  add constraint user_corrections_reason_check check (char_length(reason) between 1 and 1000) not valid;

-- Opens this transaction's change of a document, or gives the one that is open. Locks the document.
create function colophon.begin_change(
  of_document uuid, kind text default 'edit', reason text default null, job_id uuid default null,
  processing_tool text default null, processing_model text default null, undoes bigint[] default '{}')
returns bigint
language plpgsql volatile security definer set search_path = '' as $$
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
revoke all on function colophon.begin_change(uuid, text, text, uuid, text, text, bigint[]) from public, anon;
grant execute on function colophon.begin_change(uuid, text, text, uuid, text, text, bigint[])
  to authenticated, service_role;

-- The change that this transaction has open for a document; a plain edit where it has none. Null where the document is
-- gone: then its zones go with it, and nothing of them is kept.
create function colophon.open_change(of_document uuid) returns public.document_changes
language plpgsql volatile security definer set search_path = '' as $$
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
revoke all on function colophon.open_change(uuid) from public, anon, authenticated;
grant execute on function colophon.open_change(uuid) to service_role;

-- Where a zone may go. The program's table is compared with this one by a test.
create function colophon.zone_transitions() returns table (from_status text, to_status text)
language sql immutable parallel safe set search_path = '' as $$
  values
    ('pending', 'processing'), ('pending', 'completed'), ('pending', 'failed'), ('pending', 'verified'),
    ('processing', 'completed'), ('processing', 'failed'), ('processing', 'pending'),
    ('completed', 'verified'), ('completed', 'processing'), ('completed', 'pending'), ('completed', 'failed'),
    ('failed', 'pending'), ('failed', 'processing'), ('failed', 'completed'),
    ('verified', 'completed')
$$;
revoke all on function colophon.zone_transitions() from public;
grant execute on function colophon.zone_transitions() to postgres, authenticated, service_role;

-- Whether what is written is a person's own word: not what a person delivers of a tool's, nor an undoing.
create function colophon.is_own_word(change public.document_changes) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select change.changed_by is not null and change.kind in ('edit', 'resolve')
$$;
revoke all on function colophon.is_own_word(public.document_changes) from public, anon, authenticated;
grant execute on function colophon.is_own_word(public.document_changes) to service_role;

create function colophon.zone_inserted() returns trigger
language plpgsql security definer set search_path = '' as $$
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
revoke all on function colophon.zone_inserted() from public, anon;
-- The platform's bulk names the revision of the change it opened, and pays for nothing.
create trigger zones_inserted before insert on public.zones
  for each row when (new.zones_revision is null) execute function colophon.zone_inserted();

-- What a person draws is a correction, too: no tool found it. Where the transaction says so
-- (colophon.correction = none), whoever writes puts down the corrections, of a split or a merge, themselves.
create function colophon.zone_drawn() returns trigger
language plpgsql security definer set search_path = '' as $$
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
revoke all on function colophon.zone_drawn() from public, anon;
create trigger zones_drawn after insert on public.zones
  for each row when (new.created_by is not null) execute function colophon.zone_drawn();

-- An UPDATE keeps the state before, raises the revisions, and holds the status to its transitions. A person's own word
-- goes over what the tool says, which `original` keeps, and is put down as a correction of each kind.
create function colophon.zone_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
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
revoke all on function colophon.zone_changed() from public, anon;
-- lint-ignore: ban-drop-trigger the trigger below does all that it did
drop trigger zones_revision on public.zones;
create trigger zones_changed before update on public.zones
  for each row when (old.* is distinct from new.*) execute function colophon.zone_changed();

-- A DELETE keeps what was there. A purge does not (colophon.purging names the document): then nothing is to be kept.
create function colophon.zone_deleted() returns trigger
language plpgsql security definer set search_path = '' as $$
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
revoke all on function colophon.zone_deleted() from public, anon;
create trigger zones_deleted before delete on public.zones
  for each row execute function colophon.zone_deleted();

-- Who may what. The history is written by the triggers alone. Of a zone, people write everything but its revisions;
-- whose word it is, the triggers know.
alter table public.document_changes enable row level security;
alter table public.zone_history enable row level security;
revoke all on public.document_changes, public.zone_history from public, anon, authenticated, service_role;
grant select on public.document_changes, public.zone_history to authenticated, service_role;
create policy document_changes_select on public.document_changes for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy zone_history_select on public.zone_history for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));

revoke insert on public.zones from authenticated;
grant insert (document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence, processing_tool,
    status, created_at, updated_at, metadata, version, label, external_id, parent_id, language, processing_model, job_id,
    source, original, created_by),
  update (zone_index, page_number, label, external_id, parent_id, language, processing_model, job_id, source, original,
    created_by)
  on public.zones to authenticated;
