-- fsck/mend_page_count: how many pages the file has; the document follows if it is its current version
with version as (
  update public.document_versions set page_count = $3 where document_id = $1 and version = $2
)
update public.documents set page_count = $3 where id = $1 and version = $2
