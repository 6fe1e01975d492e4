-- zones/overwrite: what a tool says of zones that are there. A field that a person changed stays as it is, and so do all
-- four of a zone that a person verified; what the tool says of them goes into `original`. What would stay as it is is
-- not written. $6: whether it is a person's own word, which goes over everything; the trigger keeps `original` then.
with merged as (
  select z.id, g.zone_index, g.page_number, g.confidence::numeric as confidence, g.label, g.external_id, g.parent_id,
         g.language, g.source::jsonb as source, g.metadata::jsonb as metadata, h.kept,
         case when $6 then z.original else h.original end as original,
         f.says || h.stays as becomes
  from unnest(
    $7::uuid[], $8::int4[], $9::int4[], $10::text[], $11::text[], $12::text[], $13::float8[], $14::text[], $15::text[],
    $16::text[], $17::uuid[], $18::text[], $19::text[], $20::text[])
    as g (
    id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id,
    parent_id, language, source, metadata)
  join public.zones z on z.document_id = $1 and z.version = $2 and z.zone_index = g.zone_index
  cross join lateral (select
    jsonb_build_object('content', g.content, 'zone_type', g.zone_type, 'coordinates', g.coordinates::jsonb,
      'status', g.status) as says,
    jsonb_build_object('content', z.content, 'zone_type', z.zone_type, 'coordinates', z.coordinates,
      'status', z.status) as stands) f
  cross join lateral (select
    coalesce(jsonb_object_agg(k.key, f.stands -> k.key), '{}') as stays,
    jsonb_object_agg(k.key, f.says -> k.key)
      filter (where z.original ? k.key or f.says -> k.key is distinct from f.stands -> k.key) as original,
    coalesce(array_agg(k.key order by k.key) filter (where f.says -> k.key is distinct from f.stands -> k.key), '{}') as kept
  from jsonb_object_keys(case when $6 or z.original is null then '{}'
    when z.original ? 'status' and z.status = 'verified' then f.stands else z.original end) as k (key)) h
), updated as (
  update public.zones z
  set page_number = m.page_number, zone_type = m.becomes ->> 'zone_type', coordinates = m.becomes -> 'coordinates',
      content = m.becomes ->> 'content', status = m.becomes ->> 'status', confidence = m.confidence, label = m.label,
      external_id = m.external_id, parent_id = m.parent_id, language = m.language, source = m.source,
      metadata = m.metadata, original = m.original, processing_tool = $3, processing_model = $4, job_id = $5
  from merged m
  where z.document_id = $1 and z.id = m.id
    and (z.page_number, z.zone_type, z.coordinates, z.content, z.status, z.confidence, z.label, z.external_id,
         z.parent_id, z.language, z.source, z.metadata, z.original, z.processing_tool, z.processing_model)
        is distinct from
        (m.page_number, m.becomes ->> 'zone_type', m.becomes -> 'coordinates', m.becomes ->> 'content',
         m.becomes ->> 'status', m.confidence, m.label, m.external_id, m.parent_id, m.language, m.source, m.metadata,
         m.original, $3, $4)
  returning z.id
)
select m.id, m.zone_index, m.kept, u.id is not null as written
from merged m
left join updated u on u.id = m.id
