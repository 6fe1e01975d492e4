-- Back from 20261122122000_document_accesses.sql: the log is dropped; open_share_link is as before.
-- Opens a link for the caller and gives its document. The share's row is locked, so that uses are counted one by one.
-- What is unknown, revoked, over or used up answers the same. PT404 is the Data API's way to answer 404.
create or replace function colophon.open_share_link(token text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  caller constant uuid := auth.uid();
  share public.document_shares;
begin
  if caller is null then
    raise exception 'a link is opened by a person: sign in first' using errcode = 'insufficient_privilege';
  end if;
  select s.* into share
  from colophon.document_share_tokens t
  join public.document_shares s on s.document_id = t.document_id and s.id = t.share_id
  where t.token_hash = sha256(convert_to(open_share_link.token, 'UTF8'))
    and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
  for update of s;
  if not found then
    raise exception 'the link opens nothing: it is unknown, revoked or over; ask for a new one' using errcode = 'PT404';
  end if;
  if exists (select from public.documents d where d.id = share.document_id and d.uploaded_by = caller::text)
    or exists (select from public.document_share_uses u
      where u.document_id = share.document_id and u.share_id = share.id and u.user_id = caller)
  then
    return share.document_id;
  end if;
  if share.max_uses <= (select count(*) from public.document_share_uses u
    where u.document_id = share.document_id and u.share_id = share.id)
  then
    raise exception 'the link opens nothing: it is unknown, revoked or over; ask for a new one' using errcode = 'PT404';
  end if;
  insert into public.document_share_uses (document_id, share_id, user_id)
  values (share.document_id, share.id, caller);
  return share.document_id;
end
$$;
revoke all on function colophon.open_share_link(text) from public;
grant execute on function colophon.open_share_link(text) to authenticated;

drop function colophon.record_access(uuid, text, boolean);
drop table public.document_accesses;
