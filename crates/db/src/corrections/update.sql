-- corrections/update: fields of a zone, those that the object names
update public.zones
set content = case when $3::jsonb ? 'content' then $3 ->> 'content' else content end,
    zone_type = case when $3 ? 'zone_type' then $3 ->> 'zone_type' else zone_type end,
    coordinates = case when $3 ? 'coordinates' then $3 -> 'coordinates' else coordinates end,
    status = case when $3 ? 'status' then $3 ->> 'status' else status end,
    language = case when $3 ? 'language' then $3 ->> 'language' else language end,
    label = case when $3 ? 'label' then $3 ->> 'label' else label end,
    metadata = case when $3 ? 'metadata' then $3 -> 'metadata' else metadata end,
    parent_id = case when $3 ? 'parent_id' then ($3 ->> 'parent_id')::uuid else parent_id end,
    zone_index = case when $3 ? 'zone_index' then ($3 ->> 'zone_index')::int4 else zone_index end
where document_id = $1 and id = $2
