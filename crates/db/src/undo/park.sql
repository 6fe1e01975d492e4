-- undo/park: zones step aside, so that others can take their places. Places by identifier, as in undo/update.
update public.zones z set zone_index = ($3::jsonb ->> z.id::text)::int4
where z.document_id = $1 and z.id = any ($2)
