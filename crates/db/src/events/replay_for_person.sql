-- events/replay_for_person: as events/replay, of documents that a person owns or that others share with them. What is
-- theirs is found first: the policy alone would look for each line of everybody's.
select h.document_id, h.job_id, h.id, h.created_at, h.action, h.status, h.details, h.error_message, h.duration_ms
from public.processing_history h
where h.created_at >= $1 and (h.created_at, h.id) > ($1, $2::uuid) and h.status is not null
  and ($3::text is null or h.status = $3)
  and h.document_id in (
    select d.id from public.documents d where d.uploaded_by = $5
    union all
    select colophon.shared_documents('viewer'))
order by h.created_at, h.id
limit $4::int8
