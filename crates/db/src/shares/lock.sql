-- shares/lock: how many shares of a document are in force; its row is locked, so that two who share it with the same
-- person at once do so one after the other
select (select count(*) from public.document_shares s
        where s.document_id = d.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())) as live
from public.documents d
where d.id = $1
for no key update of d
