-- shares/get: one share of a document
select s.document_id, s.id, s.role, s.user_id, s.expires_at, s.max_uses, s.created_by, s.created_at, s.revoked_at, u.uses,
       case when s.revoked_at is not null then 'revoked'
            when s.expires_at <= now() then 'expired'
            when u.uses >= s.max_uses then 'used_up'
            else 'active' end as state
from public.document_shares s
cross join lateral (
  select count(*) as uses from public.document_share_uses u
  where u.document_id = s.document_id and u.share_id = s.id
) u
where s.document_id = $1 and s.id = $2
