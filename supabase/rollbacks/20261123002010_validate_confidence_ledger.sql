-- Back from 20261123002010_validate_confidence_ledger.sql: the rule holds for new rows only, as before it.
alter table public.zone_confidence_history drop constraint zone_confidence_history_processing_model_check;
alter table public.zone_confidence_history add constraint zone_confidence_history_processing_model_check
  check (char_length(processing_model) <= 100) not valid;
