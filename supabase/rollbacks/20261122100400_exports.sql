-- Way back of 20261122100400_exports.sql. Export records go; the exported files stay in the store.
drop table colophon.idempotency_keys;
drop table public.export_records;
