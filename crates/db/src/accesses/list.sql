-- accesses/list: what others did with a document, newest first, keyset on (created_at, id)
select document_id, id, share_id, user_id, action, created_at
from public.document_accesses
where document_id = $1
  and (created_at, id)
    < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
order by created_at desc, id desc
limit $4
