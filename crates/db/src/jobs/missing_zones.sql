-- jobs/missing_zones: which of these zones are not on these versions of their documents
select asked.ordinal, asked.zone_id
from unnest($1::uuid[], $2::int4[], $3::uuid[]) with ordinality as asked (document_id, version, zone_id, ordinal)
left join public.zones z on z.document_id = asked.document_id and z.id = asked.zone_id and z.version = asked.version
where z.id is null
order by asked.ordinal
