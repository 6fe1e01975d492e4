-- changes/list: what was done to the zones of a document, newest first, before a revision. Sent unprepared.
select c.document_id, c.revision, c.kind, c.version, c.changed_by, c.job_id, c.processing_tool, c.processing_model,
       c.reason, c.undoes, c.created_at, c.revision = any ((select colophon.undone_revisions($1))::int8[]) as undone
from public.document_changes c
where c.document_id = $1
  and ($2::uuid is null or c.job_id = $2)
  and ($3::text is null or c.changed_by = $3)
  and ($4::text is null or c.kind = $4)
  and ($5::timestamptz is null or c.created_at >= $5)
  and ($6::int8 is null or c.revision < $6)
order by c.revision desc
limit $7
