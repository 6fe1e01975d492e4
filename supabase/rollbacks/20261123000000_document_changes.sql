-- Back from 20261123000000_document_changes.sql: the history of changes is lost, and with it the corrections and
-- confidences of zones that are gone, and corrections that have no text. Zones stay as they are.
drop trigger zones_deleted on public.zones;
drop trigger zones_changed on public.zones;
drop trigger zones_drawn on public.zones;
drop trigger zones_inserted on public.zones;
create trigger zones_revision before update on public.zones
  for each row when (old.* is distinct from new.*) execute function colophon.next_revision();
drop function colophon.zone_deleted();
drop function colophon.zone_changed();
drop function colophon.zone_drawn();
drop function colophon.zone_inserted();
drop function colophon.is_own_word(public.document_changes);
drop function colophon.zone_transitions();
drop function colophon.open_change(uuid);
drop function colophon.begin_change(uuid, text, text, uuid, text, text, bigint[]);

delete from public.user_corrections c where c.corrected_content is null
  or not exists (select from public.zones z where z.document_id = c.document_id and z.id = c.zone_id);
delete from public.zone_confidence_history h
  where not exists (select from public.zones z where z.document_id = h.document_id and z.id = h.zone_id);
alter table public.user_corrections
  drop constraint user_corrections_document_id_fkey,
  drop column zones_revision,
  drop column before,
  drop column after,
  drop column zone_ids,
  drop column page_number,
  drop column zone_type,
  drop column processing_tool,
  drop column processing_model,
  drop column reason;
alter table public.user_corrections alter column corrected_content set not null;
alter table public.zone_confidence_history drop constraint zone_confidence_history_document_id_fkey;
alter table public.user_corrections add constraint user_corrections_document_id_zone_id_fkey
  foreign key (document_id, zone_id) references public.zones (document_id, id) on delete cascade;
alter table public.zone_confidence_history add constraint zone_confidence_history_document_id_zone_id_fkey
  foreign key (document_id, zone_id) references public.zones (document_id, id) on delete cascade;

revoke insert (document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence, processing_tool,
    status, created_at, updated_at, metadata, version, label, external_id, parent_id, language, processing_model, job_id,
    source, original, created_by),
  update (zone_index, page_number, label, external_id, parent_id, language, processing_model, job_id, source, original,
    created_by)
  on public.zones from authenticated;
alter table public.zones
  drop column zones_revision,
  drop column label,
  drop column external_id,
  drop column parent_id,
  drop column language,
  drop column processing_model,
  drop column job_id,
  drop column source,
  drop column original,
  drop column created_by;
grant insert on public.zones to authenticated;

drop table public.zone_history;
drop table public.document_changes;
alter table public.documents drop column zones_revision;
