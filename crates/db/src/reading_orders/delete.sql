-- reading_orders/delete: an order goes; its zones stay
delete from public.reading_orders
where document_id = $1 and version = $2 and name = $3
