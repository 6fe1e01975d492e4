-- Back from 20261122121100_document_fields.sql: the index of tags and metadata goes; tags and metadata stay.
drop trigger documents_fields_inserted on public.documents;
drop trigger documents_fields_updated on public.documents;
drop function colophon.index_document_fields();
drop function colophon.fields_of(text[], jsonb);
drop table colophon.document_fields;
drop function colophon.field_value(jsonb);
drop function colophon.field_value(text);
