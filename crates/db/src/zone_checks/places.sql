-- zone_checks/places: zones on pages that their version has not, with a box that is none, or beside their page
select z.document_id, z.document_id || '/' || z.id as key, wrong.detail
from public.zones z
join public.document_versions v on v.document_id = z.document_id and v.version = z.version
left join public.document_pages p
  on p.document_id = z.document_id and p.version = z.version and p.page_number = z.page_number
cross join lateral (
  select case when jsonb_typeof(z.coordinates -> 'x0') = 'number' and jsonb_typeof(z.coordinates -> 'y0') = 'number'
      and jsonb_typeof(z.coordinates -> 'x1') = 'number' and jsonb_typeof(z.coordinates -> 'y1') = 'number'
    then array[(z.coordinates ->> 'x0')::numeric, (z.coordinates ->> 'y0')::numeric,
               (z.coordinates ->> 'x1')::numeric, (z.coordinates ->> 'y1')::numeric] end as corner
) box
cross join lateral (
  select case
    when z.page_number > v.page_count then 'page ' || z.page_number || ' of ' || v.page_count || ' is not there'
    when box.corner[1] >= box.corner[3] or box.corner[2] >= box.corner[4]
      then 'its box is none: ' || array_to_string(box.corner, ', ')
    when box.corner[3] < 0 or box.corner[4] < 0 or box.corner[1] > p.width or box.corner[2] > p.height
      then 'its box ' || array_to_string(box.corner, ', ') || ' lies beside page ' || z.page_number || ' of '
        || p.width || ' × ' || p.height
  end as detail
) wrong
where z.document_id = any ($1) and wrong.detail is not null
order by 2
