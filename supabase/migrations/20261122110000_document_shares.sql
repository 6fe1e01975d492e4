-- Who else may see a document: shares with a person or by link, as viewer or editor, until a time.
-- New tables and functions; the new defaults take ACCESS EXCLUSIVE on their tables for an instant.
-- Back: rollbacks/20261122110000_document_shares.sql drops all shares.
--
-- A share is never changed, only revoked: who might see what, and when, stays on record. A link is a share that names
-- nobody; whoever opens it, signed in, holds it from then on (document_share_uses), until it is revoked or over.

create table public.document_shares (
  document_id uuid not null references public.documents (id) on delete cascade,
  id          uuid not null default colophon.uuid_v7(),
  role        text not null,
  user_id     uuid,
  expires_at  timestamptz,
  max_uses    integer,
  created_by  text default (auth.uid())::text,
  created_at  timestamptz not null default now(),
  revoked_at  timestamptz,
  primary key (document_id, id),
  constraint document_shares_role_check check (role in ('viewer', 'editor')),
  constraint document_shares_max_uses_check check (max_uses is null or (max_uses >= 1 and user_id is null)),
  constraint document_shares_created_by_check check (char_length(created_by) <= 255)
);
create index document_shares_user_id_idx on public.document_shares (user_id) where user_id is not null;

-- Who opened a link, and when first. Each person counts once.
create table public.document_share_uses (
  document_id uuid not null,
  share_id    uuid not null,
  user_id     uuid not null,
  used_at     timestamptz not null default now(),
  primary key (document_id, share_id, user_id),
  foreign key (document_id, share_id) references public.document_shares (document_id, id) on delete cascade
);
create index document_share_uses_user_id_idx on public.document_share_uses (user_id);

-- A link's token is shown once and never stored: this is its SHA-256. Out of the Data API's reach, so that nobody can
-- read even that.
create table colophon.document_share_tokens (
  document_id uuid not null,
  share_id    uuid not null,
  token_hash  bytea not null,
  primary key (document_id, share_id),
  foreign key (document_id, share_id) references public.document_shares (document_id, id) on delete cascade,
  constraint document_share_tokens_token_hash_check check (octet_length(token_hash) = 32)
);
create index document_share_tokens_token_hash_idx on colophon.document_share_tokens (token_hash);

-- Documents that others share with the caller, by person or by an opened link, with at least this role. Definer, since
-- the policies of documents and of shares would otherwise call each other for ever (42P17). PL/pgSQL, since it keeps
-- its plan; a statement calls it at most once.
create function colophon.shared_documents(least_role text) returns setof uuid
language plpgsql stable security definer rows 10 set search_path = '' as $$
declare
  caller constant uuid := auth.uid();
begin
  return query
    select s.document_id from public.document_shares s
    where s.user_id = caller and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
      and s.role in ('editor', least_role)
    union all
    select s.document_id from public.document_share_uses u
    join public.document_shares s on s.document_id = u.document_id and s.id = u.share_id
    where u.user_id = caller and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
      and s.role in ('editor', least_role);
end
$$;
revoke all on function colophon.shared_documents(text) from public;
grant execute on function colophon.shared_documents(text) to authenticated;

-- The one document that this transaction says it reads (colophon.document_id), if the caller may see it. A policy asks
-- this once for a statement instead of looking the document up for each row. The setting is a hint and no proof: the
-- policy of documents is applied here, so that who names another's document gets null.
create function colophon.document_in_view() returns uuid
language plpgsql stable set search_path = '' as $$
declare
  hint constant text := current_setting('colophon.document_id', true);
begin
  if hint is null or hint = '' then
    return null;
  end if;
  return (select d.id from public.documents d where d.id = hint::uuid);
end
$$;
revoke all on function colophon.document_in_view() from public;
grant execute on function colophon.document_in_view() to authenticated, service_role;

-- Makes a link and gives its token, this once. 244 random bits.
create function public.create_share_link(
  document_id uuid, role text default 'viewer', expires_at timestamptz default null, max_uses integer default null)
returns text
language plpgsql volatile set search_path = '' as $$
declare
  share_id constant uuid := colophon.uuid_v7();
  token constant text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  insert into public.document_shares (document_id, id, role, expires_at, max_uses)
  values (create_share_link.document_id, share_id, create_share_link.role, create_share_link.expires_at,
          create_share_link.max_uses);
  insert into colophon.document_share_tokens (document_id, share_id, token_hash)
  values (create_share_link.document_id, share_id, sha256(convert_to(token, 'UTF8')));
  return token;
end
$$;
revoke all on function public.create_share_link(uuid, text, timestamptz, integer) from public, anon;
grant execute on function public.create_share_link(uuid, text, timestamptz, integer) to authenticated, service_role;

-- Opens a link for the caller and gives its document. The share's row is locked, so that uses are counted one by one.
-- What is unknown, revoked, over or used up answers the same. PT404 is the Data API's way to answer 404.
create function colophon.open_share_link(token text) returns uuid
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

-- The Data API reaches public only. Invoker, since definer functions do not belong into an exposed schema.
create function public.open_share_link(token text) returns uuid
language sql volatile set search_path = '' as $$
  select colophon.open_share_link(token)
$$;
revoke all on function public.open_share_link(text) from public, anon, service_role;
grant execute on function public.open_share_link(text) to authenticated;

-- Whose a row is need not be said, and cannot be said wrongly: the policies compare.
alter table public.documents alter column uploaded_by set default (auth.uid())::text;
alter table public.document_versions alter column created_by set default (auth.uid())::text;
alter table public.processing_jobs alter column created_by set default (auth.uid())::text;
alter table public.export_records alter column created_by set default (auth.uid())::text;
alter table public.user_corrections alter column corrected_by set default (auth.uid())::text;
