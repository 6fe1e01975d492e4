-- Back from 20261123004100_user_corrections_created_at_index.sql.
drop index concurrently public.user_corrections_created_at_idx;
