-- sweep/intents: objects that were announced and never came; those of $1 have failed already. Locked for the
-- transaction, so that an upload that is late after all waits for it, and finds its intent gone.
select document_id, storage_path from colophon.objects
where state = 'intended' and intended_until < clock_timestamp() and storage_path <> all ($1)
order by intended_until
limit $2
for update skip locked
