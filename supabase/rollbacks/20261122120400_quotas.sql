-- Back from 20261122120400_quotas.sql: every quota is forgotten.
drop trigger objects_counted_out on colophon.objects;
drop trigger objects_counted on colophon.objects;
drop trigger objects_counted_in on colophon.objects;
drop trigger documents_counted_out on public.documents;
drop trigger documents_counted_in on public.documents;
drop function colophon.count_stored_bytes();
drop function colophon.count_documents();
drop function colophon.count_usage(text, bigint, bigint);
drop table colophon.owner_usage, colophon.quotas;
