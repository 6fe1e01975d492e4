-- zone_checks/revisions: documents that are behind their own zones: the next change would take a revision that is taken
select d.id as document_id, d.id::text as key,
       'revision ' || newest.revision || ' of its zones is there, and it says ' || d.zones_revision as detail
from public.documents d
cross join lateral (
  select greatest(
    (select max(z.zones_revision) from public.zones z where z.document_id = d.id),
    (select max(c.revision) from public.document_changes c where c.document_id = d.id),
    (select max(h.until_revision) from public.zone_history h where h.document_id = d.id)) as revision
) newest
where d.id = any ($1) and newest.revision > d.zones_revision
order by 2
