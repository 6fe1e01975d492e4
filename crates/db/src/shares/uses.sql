-- shares/uses: who came by a link and when first, newest first, keyset on (used_at, user_id)
select user_id, used_at
from public.document_share_uses
where document_id = $1 and share_id = $2
  and (used_at, user_id)
    < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
order by used_at desc, user_id desc
limit $5
