-- Back from 20261124040100_processing_history_created_at_index.sql.
drop index concurrently public.processing_history_created_at_idx;
