-- metadata_schemas/delete: an owner's metadata is free again
delete from public.metadata_schemas
where owner = $1
