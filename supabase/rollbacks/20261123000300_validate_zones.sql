-- Back from 20261123000300_validate_zones.sql: the rules hold for new rows only, as before it.
alter table public.zones drop constraint zones_label_check;
alter table public.zones add constraint zones_label_check check (char_length(label) between 1 and 200) not valid;
alter table public.zones drop constraint zones_external_id_check;
alter table public.zones add constraint zones_external_id_check check (char_length(external_id) between 1 and 500) not valid;
alter table public.zones drop constraint zones_language_check;
alter table public.zones add constraint zones_language_check check (language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$') not valid;
alter table public.zones drop constraint zones_processing_model_check;
alter table public.zones add constraint zones_processing_model_check check (char_length(processing_model) <= 100) not valid;
alter table public.zones drop constraint zones_source_check;
alter table public.zones add constraint zones_source_check check (jsonb_typeof(source) = 'object') not valid;
alter table public.zones drop constraint zones_original_check;
alter table public.zones add constraint zones_original_check check (jsonb_typeof(original) = 'object') not valid;
alter table public.zones drop constraint zones_created_by_check;
alter table public.zones add constraint zones_created_by_check check (char_length(created_by) <= 255) not valid;
alter table public.zones drop constraint zones_parent_id_check;
alter table public.zones add constraint zones_parent_id_check check (parent_id <> id) not valid;
alter table public.zones drop constraint zones_parent_id_fkey;
alter table public.zones add constraint zones_parent_id_fkey
  foreign key (document_id, parent_id) references public.zones (document_id, id) not valid;
alter table public.user_corrections drop constraint user_corrections_reason_check;
alter table public.user_corrections add constraint user_corrections_reason_check
  check (char_length(reason) between 1 and 1000) not valid;
alter table public.user_corrections drop constraint user_corrections_document_id_fkey;
alter table public.user_corrections add constraint user_corrections_document_id_fkey
  foreign key (document_id) references public.documents (id) on delete cascade not valid;
alter table public.zone_confidence_history drop constraint zone_confidence_history_document_id_fkey;
alter table public.zone_confidence_history add constraint zone_confidence_history_document_id_fkey
  foreign key (document_id) references public.documents (id) on delete cascade not valid;
