-- shares/revoke: from the next statement on, whoever came by it sees the document no more
update public.document_shares
set revoked_at = now()
where document_id = $1 and id = $2 and revoked_at is null
