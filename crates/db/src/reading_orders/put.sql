-- reading_orders/put: an order, whether there was one of this name or not
insert into public.reading_orders (document_id, version, name, items)
values ($1, $2, $3, $4)
on conflict (document_id, version, name) do update set items = excluded.items
returning document_id, version, name, items, revision, created_by, created_at, updated_at
