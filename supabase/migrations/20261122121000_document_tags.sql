-- Tags beside the metadata: short texts that a person files documents under. Owner and editor change both.
-- A new column with a constant default (no rewrite) and a replaced trigger: ACCESS EXCLUSIVE for an instant.
-- Back: rollbacks/20261122121000_document_tags.sql forgets all tags.

-- At most 100, none twice, each 1 to 100 characters, without control characters, white space at neither end.
create function colophon.are_tags(tags text[]) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  white constant text := '[ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]';
  wrong constant text := '[\u0001-\u001f\u007f-\u009f]|^' || white || '|' || white || '$';
begin
  return cardinality(tags) <= 100 and coalesce(array_ndims(tags), 1) = 1 and (
    select count(*) = count(distinct t.tag collate "C")
      and coalesce(bool_and(char_length(t.tag) between 1 and 100 and t.tag !~ wrong), true)
    from unnest(tags) t (tag));
end
$$;
revoke all on function colophon.are_tags(text[]) from public;
grant execute on function colophon.are_tags(text[]) to authenticated, service_role;

alter table public.documents add column tags text[] not null default '{}';
alter table public.documents add constraint documents_tags_check check (colophon.are_tags(tags)) not valid;
grant update (tags) on public.documents to authenticated;

drop trigger documents_revision on public.documents;
create trigger documents_revision before update of filename, metadata, version, tags on public.documents
  for each row
  when ((old.filename, old.metadata, old.version, old.tags)
    is distinct from (new.filename, new.metadata, new.version, new.tags))
  execute function colophon.next_revision();
