-- Zones (regions of a page), their confidence over time and people's corrections.
-- New tables only: locks nothing that exists. Back: rollbacks/20261122100200_zones.sql drops them with all rows.

create table public.zones (
  document_id     uuid not null references public.documents (id) on delete cascade,
  id              uuid not null default gen_random_uuid(),
  zone_index      integer not null,
  page_number     integer not null,
  zone_type       text not null,
  coordinates     jsonb not null,
  content         text,
  confidence      numeric,
  processing_tool text,
  status          text not null default 'pending',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  metadata        jsonb not null default '{}'::jsonb,
  version         integer not null default 1,
  revision        bigint not null default 1,
  primary key (document_id, id),
  constraint zones_zone_index_key unique (document_id, zone_index),
  constraint zones_zone_index_check check (zone_index >= 0),
  constraint zones_page_number_check check (page_number >= 1),
  constraint zones_zone_type_check check (char_length(zone_type) between 1 and 50),
  constraint zones_coordinates_check check (jsonb_typeof(coordinates) = 'object'),
  -- NULL is "unknown". numeric keeps the tool's own digits; NaN sorts above 1 and is refused.
  constraint zones_confidence_check check (confidence between 0 and 1),
  constraint zones_processing_tool_check check (char_length(processing_tool) <= 100),
  constraint zones_status_check check (status in ('pending', 'processing', 'completed', 'failed', 'verified')),
  constraint zones_metadata_check check (jsonb_typeof(metadata) = 'object'),
  constraint zones_version_check check (version >= 1)
);
create index zones_id_idx on public.zones (id);
create index zones_page_number_idx on public.zones (document_id, page_number, zone_index);

create trigger zones_revision before update on public.zones
  for each row when (old.* is distinct from new.*) execute function colophon.next_revision();

-- One expression for the index and for every search. Words that a line's end divides are joined again, so that they
-- are found. A tsvector holds at most 1 MB, so only the first 100,000 characters of a zone are searchable; a longer
-- zone is still stored whole.
create function colophon.zone_search_text(content text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select left(replace(replace(coalesce(content, ''), U&'\00AD', ''), E'-\n', ''), 100000)
$$;
create function colophon.zone_text_vector(content text) returns tsvector
language sql immutable parallel safe set search_path = '' as $$
  select to_tsvector('pg_catalog.simple'::regconfig, colophon.zone_search_text(content))
$$;
revoke all on function colophon.zone_search_text(text), colophon.zone_text_vector(text) from public;
grant execute on function colophon.zone_search_text(text), colophon.zone_text_vector(text)
  to postgres, authenticated, service_role;
create index zones_content_idx on public.zones using gin (colophon.zone_text_vector(content));

create table public.zone_confidence_history (
  document_id     uuid not null,
  id              uuid not null default colophon.uuid_v7(),
  zone_id         uuid not null,
  confidence      numeric not null,
  processing_tool text,
  recorded_at     timestamptz default now(),
  primary key (document_id, id),
  foreign key (document_id, zone_id) references public.zones (document_id, id) on delete cascade,
  constraint zone_confidence_history_confidence_check check (confidence between 0 and 1),
  constraint zone_confidence_history_processing_tool_check check (char_length(processing_tool) <= 100)
);
create index zone_confidence_history_zone_id_idx on public.zone_confidence_history (document_id, zone_id);

-- The ledger is kept by the database, so that no writer can forget it.
create function colophon.record_zone_confidence() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.zone_confidence_history (document_id, zone_id, confidence, processing_tool)
  values (new.document_id, new.id, new.confidence, new.processing_tool);
  return null;
end
$$;
revoke all on function colophon.record_zone_confidence() from public;
create trigger zones_confidence_inserted after insert on public.zones
  for each row when (new.confidence is not null) execute function colophon.record_zone_confidence();
create trigger zones_confidence_updated after update of confidence on public.zones
  for each row when (new.confidence is not null and new.confidence is distinct from old.confidence)
  execute function colophon.record_zone_confidence();

create table public.user_corrections (
  document_id       uuid not null,
  id                uuid not null default gen_random_uuid(),
  zone_id           uuid not null,
  original_content  text,
  corrected_content text not null,
  confidence_before numeric,
  confidence_after  numeric default 1.0,
  correction_type   text,
  corrected_by      text,
  created_at        timestamptz default now(),
  primary key (document_id, id),
  foreign key (document_id, zone_id) references public.zones (document_id, id) on delete cascade,
  constraint user_corrections_confidence_check
    check (confidence_before between 0 and 1 and confidence_after between 0 and 1),
  constraint user_corrections_correction_type_check check (char_length(correction_type) <= 50),
  constraint user_corrections_corrected_by_check check (char_length(corrected_by) <= 255)
);
create index user_corrections_zone_id_idx on public.user_corrections (document_id, zone_id);

-- Programs written against the original tables name only the zone; the document is then looked up. It runs with the
-- writer's own rights, so it finds only zones that the writer may see. WHEN keeps it free for everybody else.
create function colophon.fill_document_of_zone() returns trigger
language plpgsql set search_path = '' as $$
begin
  select z.document_id into new.document_id from public.zones z where z.id = new.zone_id;
  return new;
end
$$;
revoke all on function colophon.fill_document_of_zone() from public;
create trigger zone_confidence_history_document before insert on public.zone_confidence_history
  for each row when (new.document_id is null) execute function colophon.fill_document_of_zone();
create trigger user_corrections_document before insert on public.user_corrections
  for each row when (new.document_id is null) execute function colophon.fill_document_of_zone();
