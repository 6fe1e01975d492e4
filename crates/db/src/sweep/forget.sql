-- sweep/forget: what the store has no longer is struck from the ledger
delete from colophon.objects o
using unnest($1::uuid[], $2::text[]) as swept (document_id, storage_path)
where o.document_id = swept.document_id and o.storage_path = swept.storage_path and o.state <> 'stored'
