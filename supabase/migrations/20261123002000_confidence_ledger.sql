-- The ledger of confidences holds what stood and was overwritten, or whose zone went; what stands is in the zone itself.
-- So a zone that is inserted is one row, however many there are. With every confidence: model, run, type and page.
-- New columns without a rewrite; triggers replaced (ACCESS EXCLUSIVE for an instant, until the marking below is done).
-- Back: rollbacks/20261123002000_confidence_ledger.sql writes into the ledger what stands, as it was before.

alter table public.zone_confidence_history
  add column processing_model text,
  add column job_id uuid,
  add column zone_type text,
  add column page_number integer,
  -- When another confidence took its place; null for what still stands, or never stood in a zone.
  add column until_at timestamptz,
  -- Of the time when the ledger held what stands, too: the zone says the same, and the two are one observation.
  add column stands boolean not null default false;
alter table public.zone_confidence_history add constraint zone_confidence_history_processing_model_check
  check (char_length(processing_model) <= 100) not valid;

drop trigger zones_confidence_inserted on public.zones;
drop trigger zones_confidence_updated on public.zones;
-- lint-ignore: ban-drop-function only the two triggers above called it
drop function colophon.record_zone_confidence();

update public.zone_confidence_history h set stands = true
from public.zones z
where z.document_id = h.document_id and z.id = h.zone_id and z.confidence = h.confidence
  and h.id = (select n.id from public.zone_confidence_history n
    where n.document_id = h.document_id and n.zone_id = h.zone_id order by n.recorded_at desc, n.id desc limit 1);

-- Kept by the database, so that no writer can forget it, and by its owner, so that none can write it otherwise.
create function colophon.keep_zone_confidence() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    -- A purge keeps nothing (as colophon.zone_deleted), and neither does a document that goes.
    if coalesce(current_setting('role', true), '') <> 'authenticated'
      and current_setting('colophon.purging', true) = old.document_id::text
    then
      return null;
    end if;
    perform from public.documents d where d.id = old.document_id;
    if not found then
      return null;
    end if;
  end if;
  update public.zone_confidence_history h
  set stands = false, until_at = clock_timestamp(), processing_model = old.processing_model, job_id = old.job_id,
      zone_type = old.zone_type, page_number = old.page_number
  where h.document_id = old.document_id and h.zone_id = old.id and h.stands;
  if not found then
    insert into public.zone_confidence_history
      (document_id, zone_id, confidence, processing_tool, processing_model, job_id, zone_type, page_number, recorded_at,
       until_at)
    values
      (old.document_id, old.id, old.confidence, old.processing_tool, old.processing_model, old.job_id, old.zone_type,
       old.page_number,
       -- It was observed when it took the place of the one before.
       coalesce((select max(h.until_at) from public.zone_confidence_history h
         where h.document_id = old.document_id and h.zone_id = old.id), old.created_at),
       clock_timestamp());
  end if;
  return null;
end
$$;
revoke all on function colophon.keep_zone_confidence() from public, anon;
create trigger zones_confidence_changed after update on public.zones
  for each row when (old.confidence is not null
    and (old.confidence, old.processing_tool, old.processing_model, old.job_id)
      is distinct from (new.confidence, new.processing_tool, new.processing_model, new.job_id))
  execute function colophon.keep_zone_confidence();
create trigger zones_confidence_deleted after delete on public.zones
  for each row when (old.confidence is not null) execute function colophon.keep_zone_confidence();

-- What is in it stays as it is until the document goes. Who observed something still adds it.
revoke update, delete on public.zone_confidence_history from service_role;
revoke insert on public.zone_confidence_history from authenticated;
grant insert (document_id, id, zone_id, confidence, processing_tool, recorded_at, processing_model, job_id, zone_type,
    page_number)
  on public.zone_confidence_history to authenticated;
