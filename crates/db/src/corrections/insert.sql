-- corrections/insert: a split or a merge, with images of the zones that went ($6, from the history) and came ($7)
with took as (
  select jsonb_agg(h.zone order by (h.zone ->> 'zone_index')::int4) as images,
         string_agg(h.zone ->> 'content', E'\n' order by (h.zone ->> 'zone_index')::int4) as content,
         min((h.zone ->> 'confidence')::numeric) as confidence
  from public.zone_history h
  where h.document_id = $1 and h.zone_id = any($6) and h.until_revision = $5),
made as (
  select jsonb_agg(to_jsonb(z) order by z.zone_index) as images,
         string_agg(z.content, E'\n' order by z.zone_index) as content
  from public.zones z
  where z.document_id = $1 and z.id = any($7))
insert into public.user_corrections (
  document_id, id, zone_id, correction_type, zones_revision, original_content, corrected_content, confidence_before,
  before, after, zone_ids, page_number, zone_type, processing_tool, processing_model, reason)
select $1, $2, $3, $4, $5, took.content, made.content, took.confidence,
       case $4 when 'split' then took.images -> 0 else took.images end,
       case $4 when 'merge' then made.images -> 0 else made.images end,
       case $4 when 'split' then $7 else $6 end,
       (took.images -> 0 ->> 'page_number')::int4, took.images -> 0 ->> 'zone_type',
       took.images -> 0 ->> 'processing_tool', took.images -> 0 ->> 'processing_model', $8
from took, made
