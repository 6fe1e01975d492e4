-- fsck/pages_of: versions of a document with this file, and how many pages they have
select v.version, v.page_count, v.sha256,
       (select count(*) from public.document_pages p where p.document_id = v.document_id and p.version = v.version) as rows
from public.document_versions v
where v.document_id = $1 and v.storage_path = $2
order by v.version
