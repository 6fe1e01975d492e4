-- The rules of 20261123000000 and 20261123000200 hold for what was there before, too. Rows are read, and written
-- meanwhile (SHARE UPDATE EXCLUSIVE). Back: rollbacks/20261123000300_validate_zones.sql has nothing to do.
alter table public.zones validate constraint zones_label_check;
alter table public.zones validate constraint zones_external_id_check;
alter table public.zones validate constraint zones_language_check;
alter table public.zones validate constraint zones_processing_model_check;
alter table public.zones validate constraint zones_source_check;
alter table public.zones validate constraint zones_original_check;
alter table public.zones validate constraint zones_created_by_check;
alter table public.zones validate constraint zones_parent_id_check;
alter table public.zones validate constraint zones_parent_id_fkey;
alter table public.user_corrections validate constraint user_corrections_document_id_fkey;
alter table public.user_corrections validate constraint user_corrections_reason_check;
alter table public.zone_confidence_history validate constraint zone_confidence_history_document_id_fkey;
