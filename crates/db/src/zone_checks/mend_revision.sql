-- zone_checks/mend_revision: a document is where its zones are
update public.documents d
set zones_revision = greatest(d.zones_revision,
  (select max(z.zones_revision) from public.zones z where z.document_id = d.id),
  (select max(c.revision) from public.document_changes c where c.document_id = d.id),
  (select max(h.until_revision) from public.zone_history h where h.document_id = d.id))
where d.id = $1
