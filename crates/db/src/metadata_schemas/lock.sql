-- metadata_schemas/lock: an owner's schema, kept as it is until the transaction ends
select owner, schema, created_at, updated_at, revision
from public.metadata_schemas
where owner = $1
for update
