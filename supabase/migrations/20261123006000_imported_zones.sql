-- Where the zones of a file wait within the transaction that imports them: only when all are there is known which of them
-- the document has already, what is part of what, and where each stands in the order. A new table; nothing else is
-- locked. Back: rollbacks/20261123006000_imported_zones.sql drops it; it is empty between transactions.
--
-- Unlogged: no row outlives its transaction. A transaction sees no rows but its own.
create unlogged table colophon.imported_zones (
  transaction_id xid8 not null default pg_current_xact_id(),
  -- The place in the file.
  ordinal        bigint not null,
  page_number    integer not null,
  -- The place on the page, as the file's reading order has it.
  position       bigint not null,
  -- What parent_key of others names.
  key            text not null,
  parent_key     text,
  id             uuid not null,
  -- The id is the file's own.
  id_given       boolean not null,
  parent_id      uuid,
  -- Null until it is known.
  zone_index     integer,
  zone_type      text not null,
  coordinates    jsonb not null,
  content        text,
  confidence     numeric,
  label          text,
  external_id    text,
  language       text,
  source         jsonb,
  metadata       jsonb not null,
  primary key (transaction_id, ordinal)
);
create index imported_zones_key_idx on colophon.imported_zones (transaction_id, key);
create index imported_zones_id_idx on colophon.imported_zones (transaction_id, id);

alter table colophon.imported_zones enable row level security;
revoke all on colophon.imported_zones from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.imported_zones to authenticated, service_role;
create policy imported_zones_select on colophon.imported_zones for select to authenticated
  using (transaction_id = (select pg_current_xact_id()));
create policy imported_zones_insert on colophon.imported_zones for insert to authenticated
  with check (transaction_id = (select pg_current_xact_id()));
create policy imported_zones_update on colophon.imported_zones for update to authenticated
  using (transaction_id = (select pg_current_xact_id())) with check (transaction_id = (select pg_current_xact_id()));
create policy imported_zones_delete on colophon.imported_zones for delete to authenticated
  using (transaction_id = (select pg_current_xact_id()));
