-- jobs/targets: what is to be known of documents before jobs for them are taken, as far as the caller may see them
select id, version, page_count, status, deleted_at is not null as in_trash
from public.documents
where id = any ($1)
