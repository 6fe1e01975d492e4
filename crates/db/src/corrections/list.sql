-- corrections/list: corrections of a document, newest first; what has no time is the oldest
select document_id, id, zone_id, correction_type, original_content, corrected_content,
       confidence_before::float8 as confidence_before, confidence_after::float8 as confidence_after, corrected_by,
       created_at, zones_revision, before, after, zone_ids, page_number, zone_type, processing_tool, processing_model,
       reason
from public.user_corrections
where document_id = $1
  and ($2::uuid is null or zone_id = $2 or $2 = any(zone_ids))
  and ($3::text is null or corrected_by = $3)
  and ($4::text is null or correction_type = $4)
  and ($5::timestamptz is null or created_at >= $5)
  and ($6::timestamptz is null
    or (coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz), id) < ($6, $7::uuid))
order by coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz) desc, id desc
limit $8
