-- What became of a share: each opening of a link, each download of the file and each signed URL by somebody who is not
-- the owner, and each use of a signed URL.
-- A new table and functions; open_share_link is replaced, which locks nothing. Back:
-- rollbacks/20261122122000_document_accesses.sql drops the log.
--
-- Nobody writes here but two definer functions, and nobody changes or deletes a line, the platform included; it goes
-- with its document. share_id is a plain value: shares are never deleted before their document.

create table public.document_accesses (
  document_id uuid not null references public.documents (id) on delete cascade,
  id          uuid not null default colophon.uuid_v7(),
  share_id    uuid,
  -- In whose name; null is the platform.
  user_id     uuid,
  action      text not null,
  created_at  timestamptz not null default now(),
  primary key (document_id, id),
  constraint document_accesses_action_check check (action in ('opened', 'downloaded', 'signed_url', 'signed_url_used'))
);
create index document_accesses_created_at_idx on public.document_accesses (document_id, created_at desc, id desc);

alter table public.document_accesses enable row level security;
revoke all on public.document_accesses from public, anon, authenticated, service_role;
grant select on public.document_accesses to authenticated, service_role;
create policy document_accesses_select on public.document_accesses for select to authenticated
  using (document_id = (select d.id from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

-- Notes what the caller does with a document, with the share that lets them. What owners do is not noted, but for the
-- use of their signed URLs: whoever holds one is somebody else. Whoever may not see the document leaves nothing here.
-- Readers of PDFs ask for a file in hundreds of parts: one line for five minutes of them.
create function colophon.record_access(of_document uuid, what text, in_part boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  caller constant uuid := auth.uid();
  owner text;
  in_trash boolean;
  by_share uuid;
begin
  if caller is null and coalesce(current_setting('role', true), '') <> 'service_role' then
    raise exception 'an access needs a name: sign in first' using errcode = 'insufficient_privilege';
  end if;
  select d.uploaded_by, d.deleted_at is not null into owner, in_trash
  from public.documents d where d.id = of_document;
  if not found or (in_trash and caller is not null and owner is distinct from caller::text) then
    return;
  end if;
  if owner = caller::text then
    if what <> 'signed_url_used' then
      return;
    end if;
  elsif caller is not null then
    select s.id into by_share
    from public.document_shares s
    where s.document_id = of_document and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
      and (s.user_id = caller or exists (select from public.document_share_uses u
        where u.document_id = of_document and u.share_id = s.id and u.user_id = caller))
    order by s.role, s.created_at
    limit 1;
    if not found then
      return;
    end if;
  end if;
  if in_part and exists (select from public.document_accesses a
    where a.document_id = of_document and a.created_at > now() - interval '5 minutes'
      and a.action = what and a.user_id is not distinct from caller)
  then
    return;
  end if;
  insert into public.document_accesses (document_id, share_id, user_id, action)
  values (of_document, by_share, caller, what);
end
$$;
revoke all on function colophon.record_access(uuid, text, boolean) from public, anon;
grant execute on function colophon.record_access(uuid, text, boolean) to authenticated, service_role;

-- As in 20261122110000, and each opening leaves a line, also by somebody who holds the link already; a document in the
-- trash is opened by none.
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
    and exists (select from public.documents d where d.id = t.document_id and d.deleted_at is null)
  for update of s;
  if not found then
    raise exception 'the link opens nothing: it is unknown, revoked or over; ask for a new one' using errcode = 'PT404';
  end if;
  if exists (select from public.documents d where d.id = share.document_id and d.uploaded_by = caller::text) then
    return share.document_id;
  end if;
  if not exists (select from public.document_share_uses u
    where u.document_id = share.document_id and u.share_id = share.id and u.user_id = caller)
  then
    if share.max_uses <= (select count(*) from public.document_share_uses u
      where u.document_id = share.document_id and u.share_id = share.id)
    then
      raise exception 'the link opens nothing: it is unknown, revoked or over; ask for a new one' using errcode = 'PT404';
    end if;
    insert into public.document_share_uses (document_id, share_id, user_id)
    values (share.document_id, share.id, caller);
  end if;
  insert into public.document_accesses (document_id, share_id, user_id, action)
  values (share.document_id, share.id, caller, 'opened');
  return share.document_id;
end
$$;
revoke all on function colophon.open_share_link(text) from public;
grant execute on function colophon.open_share_link(text) to authenticated;
