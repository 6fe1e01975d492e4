-- Who may see documents, for whoever tells many people at once what happens to them: one look for all, where a policy
-- would be asked once for each person. The policy of documents decides; a test compares the two.
-- A new function: no table is locked. Back: rollbacks/20261124040000_viewers.sql.
create function colophon.viewers_of(document_ids uuid[]) returns table (document_id uuid, person text)
language sql stable set search_path = '' as $$
  select d.id, d.uploaded_by
  from public.documents d
  where d.id = any (viewers_of.document_ids) and d.uploaded_by is not null
  union
  select d.id, s.user_id::text
  from public.documents d
  join public.document_shares s on s.document_id = d.id
  where d.id = any (viewers_of.document_ids) and d.deleted_at is null and s.user_id is not null
    and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
  union
  select d.id, u.user_id::text
  from public.documents d
  join public.document_shares s on s.document_id = d.id
  join public.document_share_uses u on u.document_id = s.document_id and u.share_id = s.id
  where d.id = any (viewers_of.document_ids) and d.deleted_at is null
    and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
$$;
revoke all on function colophon.viewers_of(uuid[]) from public;
grant execute on function colophon.viewers_of(uuid[]) to service_role;
