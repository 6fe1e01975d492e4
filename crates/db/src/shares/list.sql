-- shares/list: shares of a document, newest first, keyset on (created_at, id)
with shares as (
  select * from public.document_shares
  where document_id = $1
    and (created_at, id)
      < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by created_at desc, id desc
  limit $4
)
select s.document_id, s.id, s.role, s.user_id, s.expires_at, s.max_uses, s.created_by, s.created_at, s.revoked_at, u.uses,
       case when s.revoked_at is not null then 'revoked'
            when s.expires_at <= now() then 'expired'
            when u.uses >= s.max_uses then 'used_up'
            else 'active' end as state
from shares s
cross join lateral (
  select count(*) as uses from public.document_share_uses u
  where u.document_id = s.document_id and u.share_id = s.id
) u
order by s.created_at desc, s.id desc
