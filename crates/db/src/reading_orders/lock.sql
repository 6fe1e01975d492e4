-- reading_orders/lock: an order, kept as it is until the transaction ends; only for whoever may change it
select document_id, version, name, items, revision, created_by, created_at, updated_at
from public.reading_orders
where document_id = $1 and version = $2 and name = $3
for update
