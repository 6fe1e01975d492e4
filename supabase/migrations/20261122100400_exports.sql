-- Exports: the record of each, with its files. And the keys that make a repeated write harmless.
-- New tables only: locks nothing that exists. Back: rollbacks/20261122100400_exports.sql drops them with all rows.

create table public.export_records (
  document_id        uuid not null references public.documents (id) on delete cascade,
  id                 uuid not null default gen_random_uuid(),
  export_type        text not null,
  formats            text[] not null,
  status             text not null default 'pending',
  file_paths         jsonb,
  validation_results jsonb,
  selection          jsonb,
  started_at         timestamptz,
  completed_at       timestamptz,
  file_size_bytes    bigint,
  created_by         text,
  created_at         timestamptz not null default now(),
  metadata           jsonb not null default '{}'::jsonb,
  primary key (document_id, id),
  constraint export_records_export_type_check check (char_length(export_type) between 1 and 50),
  constraint export_records_formats_check check (cardinality(formats) between 1 and 20),
  constraint export_records_status_check check (status in ('pending', 'running', 'completed', 'failed')),
  constraint export_records_file_size_bytes_check check (file_size_bytes >= 0),
  constraint export_records_created_by_check check (char_length(created_by) <= 255),
  constraint export_records_metadata_check check (jsonb_typeof(metadata) = 'object')
);
create index export_records_id_idx on public.export_records (id);
create index export_records_created_at_idx on public.export_records (created_at desc, id desc);

-- An Idempotency-Key names one write of one owner: repeated with the same content it gives the first answer.
create table colophon.idempotency_keys (
  owner        text not null,
  key          text not null,
  request      text not null,
  resource_id  uuid not null,
  created_at   timestamptz not null default now(),
  primary key (owner, key),
  constraint idempotency_keys_key_check check (char_length(key) between 1 and 255)
);
create index idempotency_keys_created_at_idx on colophon.idempotency_keys (created_at);
