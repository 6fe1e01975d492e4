-- How much each owner may keep: bytes and documents, what is in the trash included. In a migration of its own, since
-- Citus allows no triggers that touch rows of an owner from those of a document.
-- Counts what is there; CREATE TRIGGER locks its tables for an instant. Back: rollbacks/20261122120400_quotas.sql.

-- The row of the owner '*' holds for everybody who has none of his own. NULL is no limit.
create table colophon.quotas (
  owner         text primary key,
  max_bytes     bigint,
  max_documents bigint,
  updated_at    timestamptz not null default now(),
  constraint quotas_owner_check check (char_length(owner) between 1 and 255),
  constraint quotas_limits_check check (max_bytes >= 0 and max_documents >= 0)
);

-- Kept by the triggers below, so that a quota costs one look. Bytes are those of the objects an owner's documents use.
create table colophon.owner_usage (
  owner          text primary key,
  document_count bigint not null default 0,
  stored_bytes   bigint not null default 0
) with (fillfactor = 50);

alter table colophon.quotas enable row level security;
alter table colophon.owner_usage enable row level security;
revoke all on colophon.quotas, colophon.owner_usage from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.quotas, colophon.owner_usage to service_role;
grant select on colophon.quotas, colophon.owner_usage to authenticated;
create policy quotas_select on colophon.quotas for select to authenticated
  using (owner = (select auth.uid())::text or owner = '*');
create policy owner_usage_select on colophon.owner_usage for select to authenticated
  using (owner = (select auth.uid())::text);

insert into colophon.owner_usage (owner, document_count, stored_bytes)
select u.owner, sum(u.documents), sum(u.bytes)
from (
  select coalesce(d.uploaded_by, '') as owner, count(*) as documents, 0::numeric as bytes from public.documents d group by 1
  union all
  select o.owner, 0, sum(o.file_size_bytes) from colophon.objects o where o.state = 'stored' group by 1
) as u
group by u.owner;

-- Adds to what an owner keeps, and refuses what is over the quota, with the numbers. The owner's row is locked until the
-- transaction ends, so that two uploads at once cannot both take the last place.
create function colophon.count_usage(owner text, documents bigint, bytes bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
  now_used colophon.owner_usage;
  quota colophon.quotas;
begin
  insert into colophon.owner_usage as u (owner, document_count, stored_bytes)
  values (count_usage.owner, count_usage.documents, count_usage.bytes)
  on conflict on constraint owner_usage_pkey do update
    set document_count = u.document_count + excluded.document_count, stored_bytes = u.stored_bytes + excluded.stored_bytes
  returning u.* into now_used;
  if count_usage.owner = '' or (count_usage.documents <= 0 and count_usage.bytes <= 0) then
    return;
  end if;
  select q.* into quota from colophon.quotas q where q.owner in (count_usage.owner, '*')
  order by q.owner = '*' limit 1;
  if (count_usage.documents > 0 and now_used.document_count > quota.max_documents)
    or (count_usage.bytes > 0 and now_used.stored_bytes > quota.max_bytes)
  then
    raise exception 'the quota is used up: % of % documents, % of % bytes, and this would be % documents and % bytes more',
      now_used.document_count - count_usage.documents, coalesce(quota.max_documents::text, 'any number of'),
      now_used.stored_bytes - count_usage.bytes, coalesce(quota.max_bytes::text, 'any number of'),
      count_usage.documents, count_usage.bytes
      using errcode = 'check_violation', constraint = 'quotas_check', schema = 'colophon', table = 'quotas',
            hint = 'purge documents that are not needed (the trash counts too), or have the quota raised';
  end if;
end
$$;
revoke all on function colophon.count_usage(text, bigint, bigint) from public;
grant execute on function colophon.count_usage(text, bigint, bigint) to service_role;

-- Once for each statement and owner, so that bulk stays bulk.
create function colophon.count_documents() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform colophon.count_usage(r.owner, r.documents, 0)
    from (select coalesce(n.uploaded_by, '') as owner, count(*) as documents from new_rows n group by 1 order by 1) as r;
  else
    perform colophon.count_usage(r.owner, -r.documents, 0)
    from (select coalesce(o.uploaded_by, '') as owner, count(*) as documents from old_rows o group by 1 order by 1) as r;
  end if;
  return null;
end
$$;
create function colophon.count_stored_bytes() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    perform colophon.count_usage(r.owner, 0, r.bytes)
    from (select n.owner, sum(n.file_size_bytes)::bigint as bytes from new_rows n where n.state = 'stored'
      group by n.owner order by n.owner) as r;
  elsif tg_op = 'DELETE' then
    perform colophon.count_usage(r.owner, 0, -r.bytes)
    from (select o.owner, sum(o.file_size_bytes)::bigint as bytes from old_rows o where o.state = 'stored'
      group by o.owner order by o.owner) as r;
  else
    perform colophon.count_usage(r.owner, 0, r.bytes)
    from (
      select c.owner, sum(c.bytes)::bigint as bytes
      from (
        select n.owner, n.file_size_bytes as bytes from new_rows n where n.state = 'stored'
        union all
        select o.owner, -o.file_size_bytes from old_rows o where o.state = 'stored'
      ) as c
      group by c.owner having sum(c.bytes) <> 0 order by c.owner) as r;
  end if;
  return null;
end
$$;
revoke all on function colophon.count_documents(), colophon.count_stored_bytes() from public;
create trigger documents_counted_in after insert on public.documents referencing new table as new_rows
  for each statement execute function colophon.count_documents();
create trigger documents_counted_out after delete on public.documents referencing old table as old_rows
  for each statement execute function colophon.count_documents();
create trigger objects_counted_in after insert on colophon.objects referencing new table as new_rows
  for each statement execute function colophon.count_stored_bytes();
create trigger objects_counted after update on colophon.objects referencing old table as old_rows new table as new_rows
  for each statement execute function colophon.count_stored_bytes();
create trigger objects_counted_out after delete on colophon.objects referencing old table as old_rows
  for each statement execute function colophon.count_stored_bytes();
