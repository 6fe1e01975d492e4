-- Documents, the versions of their file and the pages of each version.
-- New tables only: locks nothing that exists. Back: rollbacks/20261122100100_documents.sql drops them with all rows.

create table public.documents (
  id                uuid primary key default gen_random_uuid(),
  filename          text not null,
  original_filename text not null,
  file_size_bytes   bigint not null,
  page_count        integer,
  mime_type         text,
  storage_path      text,
  status            text not null default 'uploaded',
  uploaded_by       text,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  metadata          jsonb not null default '{}'::jsonb,
  status_detail     text,
  sha256            text,
  version           integer not null default 1,
  revision          bigint not null default 1,
  constraint documents_filename_check check (char_length(filename) between 1 and 255),
  constraint documents_original_filename_check check (octet_length(original_filename) between 1 and 1024),
  constraint documents_file_size_bytes_check check (file_size_bytes >= 0),
  constraint documents_page_count_check check (page_count >= 0),
  constraint documents_mime_type_check check (char_length(mime_type) <= 255),
  constraint documents_storage_path_check check (char_length(storage_path) <= 1024),
  constraint documents_uploaded_by_check check (char_length(uploaded_by) between 1 and 255),
  constraint documents_metadata_check check (jsonb_typeof(metadata) = 'object'),
  constraint documents_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint documents_version_check check (version >= 1),
  constraint documents_status_check check (status in (
    'uploaded', 'queued', 'processing', 'processed', 'partially_processed', 'password_required', 'damaged', 'failed'))
);

-- The three lists people ask for, each a keyset on (created_at, id), newest first.
create index documents_created_at_idx on public.documents (created_at desc, id desc);
create index documents_uploaded_by_idx on public.documents (uploaded_by, created_at desc, id desc);
create index documents_status_idx on public.documents (status, created_at desc, id desc);

-- Bookkeeping by workers (status, page_count) is not an edit, so it leaves the revision alone.
create trigger documents_touch before update on public.documents
  for each row execute function colophon.touch_updated_at();
create trigger documents_revision before update of filename, metadata, version on public.documents
  for each row
  when ((old.filename, old.metadata, old.version) is distinct from (new.filename, new.metadata, new.version))
  execute function colophon.next_revision();

-- What a file says of itself belongs to the version that holds it. Rows are never updated.
create table public.document_versions (
  document_id       uuid not null references public.documents (id) on delete cascade,
  version           integer not null,
  storage_path      text not null,
  sha256            text not null,
  file_size_bytes   bigint not null,
  mime_type         text not null,
  original_filename text not null,
  page_count        integer,
  title             text,
  pdf_version       text,
  encryption        text,
  repaired          boolean not null default false,
  warnings          text[] not null default '{}',
  created_by        text,
  created_at        timestamptz not null default now(),
  primary key (document_id, version),
  constraint document_versions_version_check check (version >= 1),
  -- <owner>/<document>/<object>: a row can name only an object of its own document, whoever wrote the row.
  constraint document_versions_storage_path_check
    check (split_part(storage_path, '/', 2) = document_id::text and char_length(storage_path) <= 1024),
  constraint document_versions_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint document_versions_file_size_bytes_check check (file_size_bytes >= 0),
  constraint document_versions_page_count_check check (page_count >= 0)
);
create index document_versions_sha256_idx on public.document_versions (sha256);

-- Sizes are PDF points of the page as displayed (CropBox, after /Rotate, UserUnit applied); the boxes are the
-- file's own [x0, y0, x1, y1] in its own frame.
create table public.document_pages (
  document_id uuid not null,
  version     integer not null,
  page_number integer not null,
  width       double precision not null,
  height      double precision not null,
  rotation    smallint not null default 0,
  mediabox    double precision[] not null,
  cropbox     double precision[] not null,
  user_unit   double precision not null default 1,
  primary key (document_id, version, page_number),
  foreign key (document_id, version) references public.document_versions (document_id, version) on delete cascade,
  constraint document_pages_page_number_check check (page_number >= 1),
  constraint document_pages_size_check check (width >= 0 and height >= 0 and width < 'infinity' and height < 'infinity'),
  constraint document_pages_rotation_check check (rotation in (0, 90, 180, 270)),
  constraint document_pages_boxes_check check (array_length(mediabox, 1) = 4 and array_length(cropbox, 1) = 4),
  constraint document_pages_user_unit_check check (user_unit > 0 and user_unit < 'infinity')
);
