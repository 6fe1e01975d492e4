-- corrections/of_change: what one change put down of a zone
select document_id, id, zone_id, correction_type, original_content, corrected_content,
       confidence_before::float8 as confidence_before, confidence_after::float8 as confidence_after, corrected_by,
       created_at, zones_revision, before, after, zone_ids, page_number, zone_type, processing_tool, processing_model,
       reason
from public.user_corrections
where document_id = $1 and zone_id = $2 and zones_revision = $3
order by id
