-- Back from 20261122121400_metadata_schemas.sql: all schemas are dropped. Metadata stays as it is.
drop function colophon.metadata_schema_of(uuid);
drop table public.metadata_schemas;
