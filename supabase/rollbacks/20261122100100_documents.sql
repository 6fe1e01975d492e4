-- Way back of 20261122100100_documents.sql. Every document row goes; the objects stay in the store.
drop table public.document_pages;
drop table public.document_versions;
drop table public.documents;
