-- fsck/verified: the content of these objects was looked at just now, and was right ($2) or wrong. Whoever is writing a row
-- at this moment is not waited for: a purge holds several, and each could wait for the other. The next run looks again.
with free as (
  select document_id, storage_path from colophon.objects
  where storage_path = any ($1) and state = 'stored'
  for update skip locked
)
update colophon.objects o
set verified_at = case when $2 then clock_timestamp() else '-infinity' end
from free f
where o.document_id = f.document_id and o.storage_path = f.storage_path
