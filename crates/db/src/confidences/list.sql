-- confidences/list: every confidence of a document's zones, or of one of them: what stood, and what stands; newest first
select l.id, l.zone_id, l.confidence::float8 as confidence, l.processing_tool, l.processing_model, l.job_id, l.zone_type,
       l.page_number, l.recorded_at, l.until_at, l.stands
from (
  select h.id, h.zone_id, h.confidence, h.processing_tool, h.processing_model, h.job_id, h.zone_type, h.page_number,
         coalesce(h.recorded_at, h.until_at, 'epoch') as recorded_at, h.until_at, false as stands
  from public.zone_confidence_history h
  where h.document_id = $1 and ($2::uuid is null or h.zone_id = $2) and not h.stands
  union all
  select z.id, z.id, z.confidence, z.processing_tool, z.processing_model, z.job_id, z.zone_type, z.page_number,
         -- It was observed when it took the place of the one before.
         coalesce((select max(case when h.stands then h.recorded_at else h.until_at end)
           from public.zone_confidence_history h where h.document_id = z.document_id and h.zone_id = z.id), z.created_at),
         null, true
  from public.zones z
  where z.document_id = $1 and ($2::uuid is null or z.id = $2) and z.confidence is not null
) l
where $3::timestamptz is null or (l.recorded_at, l.id) < ($3, $4::uuid)
order by l.recorded_at desc, l.id desc
limit $5
