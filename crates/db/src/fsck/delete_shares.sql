-- fsck/delete_shares: shares of a document that is gone; tokens and uses too, which a restore may have brought back
-- without the foreign keys that would take them along
with gone as (
  select $1::uuid as document_id where not exists (select from public.documents d where d.id = $1)
), tokens as (
  delete from colophon.document_share_tokens t using gone where t.document_id = gone.document_id
), uses as (
  delete from public.document_share_uses u using gone where u.document_id = gone.document_id
)
delete from public.document_shares s using gone where s.document_id = gone.document_id
