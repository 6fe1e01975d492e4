-- Which changes of a document's zones are undone; and a zone that comes back goes on counting its revisions. Functions, a
-- trigger, and columns of zone_history by which a document is read as it was: that table is younger than any release, so
-- it is empty, and the columns cost nothing. ACCESS EXCLUSIVE on zone_history, SHARE ROW EXCLUSIVE on zones, for an
-- instant. Back: rollbacks/20261123003000_undone.sql.

-- The revisions of a document that are undone, and whose undoing is not undone itself: what they did has no effect.
create function colophon.undone_revisions(of_document uuid) returns bigint[]
language plpgsql stable set search_path = '' as $$
declare
  undone bigint[] := array[]::bigint[];
  undo record;
begin
  -- The newest first: what it undid has no say any more.
  for undo in
    select c.revision, c.undoes from public.document_changes c
    where c.document_id = of_document and c.kind = 'undo' order by c.revision desc
  loop
    if undo.revision <> all (undone) then
      undone := undone || undo.undoes;
    end if;
  end loop;
  return undone;
end
$$;
revoke all on function colophon.undone_revisions(uuid) from public, anon;
grant execute on function colophon.undone_revisions(uuid) to authenticated, service_role;

-- Whether a change is undone.
create function colophon.is_undone(of_document uuid, of_revision bigint) returns boolean
language sql stable set search_path = '' as $$
  select of_revision = any (colophon.undone_revisions(of_document))
$$;
revoke all on function colophon.is_undone(uuid, bigint) from public, anon;
grant execute on function colophon.is_undone(uuid, bigint) to authenticated, service_role;

-- Where the zone stood, in columns: a policy lets an index go by those, and by nothing inside of JSON.
-- lint-ignore: adding-field-with-default the table is empty: it came three files ago
alter table public.zone_history
  add column version integer generated always as ((zone ->> 'version')::integer) stored,
  add column zone_index integer generated always as ((zone ->> 'zone_index')::integer) stored;

-- An ETag names one state of a zone for ever, so a zone that comes back does not count from 1 again. Sorts before
-- zones_inserted, and like it is not asked by the platform's bulk.
create function colophon.zone_brought_back() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  last_revision bigint;
begin
  select max((h.zone ->> 'revision')::bigint) into last_revision
  from public.zone_history h where h.document_id = new.document_id and h.zone_id = new.id;
  new.revision := coalesce(last_revision + 1, new.revision);
  return new;
end
$$;
revoke all on function colophon.zone_brought_back() from public, anon;
create trigger zones_brought_back before insert on public.zones
  for each row when (new.zones_revision is null) execute function colophon.zone_brought_back();
