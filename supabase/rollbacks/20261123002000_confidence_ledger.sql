-- Back from 20261123002000_confidence_ledger.sql: the ledger holds what stands, too, as of the time of the zone's last
-- change; models, runs, types and pages of what was overwritten are lost.
drop trigger zones_confidence_changed on public.zones;
drop trigger zones_confidence_deleted on public.zones;
drop function colophon.keep_zone_confidence();

insert into public.zone_confidence_history (document_id, zone_id, confidence, processing_tool, recorded_at)
select z.document_id, z.id, z.confidence, z.processing_tool,
       coalesce((select max(h.until_at) from public.zone_confidence_history h
         where h.document_id = z.document_id and h.zone_id = z.id), z.created_at)
from public.zones z
where z.confidence is not null and not exists (
  select from public.zone_confidence_history h where h.document_id = z.document_id and h.zone_id = z.id and h.stands);

create function colophon.record_zone_confidence() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.zone_confidence_history (document_id, zone_id, confidence, processing_tool)
  values (new.document_id, new.id, new.confidence, new.processing_tool);
  return null;
end
$$;
revoke all on function colophon.record_zone_confidence() from public;
create trigger zones_confidence_inserted after insert on public.zones
  for each row when (new.confidence is not null) execute function colophon.record_zone_confidence();
create trigger zones_confidence_updated after update of confidence on public.zones
  for each row when (new.confidence is not null and new.confidence is distinct from old.confidence)
  execute function colophon.record_zone_confidence();

revoke insert (document_id, id, zone_id, confidence, processing_tool, recorded_at, processing_model, job_id, zone_type,
    page_number)
  on public.zone_confidence_history from authenticated;
alter table public.zone_confidence_history
  drop column processing_model,
  drop column job_id,
  drop column zone_type,
  drop column page_number,
  drop column until_at,
  drop column stands;
grant insert on public.zone_confidence_history to authenticated;
grant update, delete on public.zone_confidence_history to service_role;
