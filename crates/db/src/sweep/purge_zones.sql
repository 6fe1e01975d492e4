-- sweep/purge_zones: the zones of a document that is about to be purged. By themselves, before the document: its DELETE
-- locks the owner's usage, on which that person's uploads wait, and should not hold it while many zones go.
delete from public.zones where document_id = $1
