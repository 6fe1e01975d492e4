-- changes/get_many: changes of a document by their revisions
select c.document_id, c.revision, c.kind, c.version, c.changed_by, c.job_id, c.processing_tool, c.processing_model,
       c.reason, c.undoes, c.created_at, c.revision = any ((select colophon.undone_revisions($1))::int8[]) as undone
from public.document_changes c
where c.document_id = $1 and c.revision = any ($2)
order by c.revision
