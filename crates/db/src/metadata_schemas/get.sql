-- metadata_schemas/get: an owner's schema
select owner, schema, created_at, updated_at, revision
from public.metadata_schemas
where owner = $1
