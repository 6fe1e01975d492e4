-- shares/insert: a share with a person, or a link, whose token follows
insert into public.document_shares (document_id, id, role, user_id, expires_at, max_uses, created_by)
values ($1, $2, $3, $4, $5, $6, $7)
