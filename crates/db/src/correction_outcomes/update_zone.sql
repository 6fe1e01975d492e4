-- correction_outcomes/update_zone: the zone takes the run's word for the fields that $3 names; nothing is a person's there
-- any more
update public.zones z
set content = case when $3::jsonb ? 'content' then $3 ->> 'content' else z.content end,
    zone_type = coalesce($3 ->> 'zone_type', z.zone_type),
    coordinates = coalesce($3 -> 'coordinates', z.coordinates),
    status = coalesce($3 ->> 'status', z.status),
    original = nullif(z.original - array(select jsonb_object_keys($3)), '{}')
where z.document_id = $1 and z.id = $2
