-- fsck/shares: what would let somebody see a document that is gone
select f.document_id, f.key, f.detail
from (
  select s.document_id, ('document_shares/' || s.document_id || '/' || s.id) collate "C" as key, 'a share' as detail
  from public.document_shares s
  where not exists (select from public.documents d where d.id = s.document_id)
  union all
  select t.document_id, ('document_share_tokens/' || t.document_id || '/' || t.share_id) collate "C", 'the token of a share'
  from colophon.document_share_tokens t
  where not exists (select from public.document_shares s where s.document_id = t.document_id and s.id = t.share_id)
  union all
  select u.document_id, ('document_share_uses/' || u.document_id || '/' || u.share_id || '/' || u.user_id) collate "C",
         'the use of a share'
  from public.document_share_uses u
  where not exists (select from public.document_shares s where s.document_id = u.document_id and s.id = u.share_id)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
