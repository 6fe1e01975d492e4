-- The rule of 20261123002000 holds for what was there before, too. Rows are read, and written meanwhile (SHARE UPDATE
-- EXCLUSIVE). Back: rollbacks/20261123002010_validate_confidence_ledger.sql has the rule hold for new rows only.
alter table public.zone_confidence_history validate constraint zone_confidence_history_processing_model_check;
