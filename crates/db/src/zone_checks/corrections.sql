-- zone_checks/corrections: corrections that name a change that the document has not
select c.document_id, c.document_id || '/' || c.id as key,
       'it belongs to revision ' || c.zones_revision || ', which the document has not' as detail
from public.user_corrections c
where c.document_id = any ($1) and c.zones_revision > 0 and not exists (
  select from public.document_changes h where h.document_id = c.document_id and h.revision = c.zones_revision)
order by 2
