-- Back from 20261124000140_processing_attempts_outcome_index.sql.
drop index concurrently public.processing_attempts_outcome_idx;
