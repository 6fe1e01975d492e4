-- shares/replace: what was shared with a person before is revoked, as a new share takes its place
update public.document_shares
set revoked_at = now()
where document_id = $1 and user_id = $2 and revoked_at is null
