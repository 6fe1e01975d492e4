-- Back from 20261122110000_document_shares.sql: every share, with the record of who opened which link, is dropped.
alter table public.documents alter column uploaded_by drop default;
alter table public.document_versions alter column created_by drop default;
alter table public.processing_jobs alter column created_by drop default;
alter table public.export_records alter column created_by drop default;
alter table public.user_corrections alter column corrected_by drop default;
drop function public.open_share_link(text);
drop function colophon.open_share_link(text);
drop function public.create_share_link(uuid, text, timestamptz, integer);
drop function colophon.document_in_view();
drop function colophon.shared_documents(text);
drop table colophon.document_share_tokens, public.document_share_uses, public.document_shares;
