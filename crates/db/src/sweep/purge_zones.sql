-- sweep/purge_zones: zones of a document that is about to be purged, $2 at most, parts before what they are part of. Before
-- the document: its DELETE locks the owner's usage, on which that person's uploads wait, and should not hold it while
-- many zones go.
delete from public.zones
where document_id = $1 and id in (
  select z.id from public.zones z
  where z.document_id = $1
    and not exists (select from public.zones p where p.document_id = z.document_id and p.parent_id = z.id)
  limit $2)
