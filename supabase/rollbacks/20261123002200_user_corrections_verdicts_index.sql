-- Back from 20261123002200_user_corrections_verdicts_index.sql: nothing else goes by the index.
drop index concurrently if exists public.user_corrections_verdicts_idx;
