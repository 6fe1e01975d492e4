-- Named orders in which the zones of a version are read, beside the one of zone_index. A new table; locks nothing.
-- Back: rollbacks/20261123002300_reading_orders.sql drops it with every order.

create table public.reading_orders (
  document_id uuid not null references public.documents (id) on delete cascade,
  version     integer not null,
  name        text not null,
  -- Ids of zones, and groups of them (crates/domain/src/reading_orders.rs). A zone that goes stays named: it may come back.
  items       jsonb not null,
  revision    bigint not null default 1,
  created_by  text default (auth.uid())::text,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (document_id, version, name),
  constraint reading_orders_version_check check (version >= 1),
  constraint reading_orders_name_check check (char_length(name) between 1 and 200),
  constraint reading_orders_items_check check (jsonb_typeof(items) = 'array'),
  constraint reading_orders_created_by_check check (char_length(created_by) <= 255)
);
create trigger reading_orders_revision before update on public.reading_orders
  for each row when (old.* is distinct from new.*) execute function colophon.next_revision();

alter table public.reading_orders enable row level security;
revoke all on public.reading_orders from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.reading_orders to service_role;
grant select, delete, insert (document_id, version, name, items, created_by), update (items)
  on public.reading_orders to authenticated;
create policy reading_orders_select on public.reading_orders for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy reading_orders_insert on public.reading_orders for insert to authenticated
  with check (created_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy reading_orders_update on public.reading_orders for update to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))))
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy reading_orders_delete on public.reading_orders for delete to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
