-- Back from 20261122121110_document_fields_filled.sql.
delete from colophon.document_fields;
