-- changes/chosen: the revisions of everything by a run, or by a person from a time on, oldest first
select c.revision
from public.document_changes c
where c.document_id = $1
  and ($2::uuid is null or c.job_id = $2)
  and ($3::text is null or c.changed_by = $3)
  and ($4::timestamptz is null or c.created_at >= $4)
order by c.revision
