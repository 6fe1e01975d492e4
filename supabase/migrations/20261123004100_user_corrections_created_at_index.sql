-- Corrections of a document, newest first, part by part. CONCURRENTLY, so that people correct meanwhile. What has no time
-- (programs may say null) is the oldest. Back: rollbacks/20261123004100_user_corrections_created_at_index.sql.
create index concurrently user_corrections_created_at_idx on public.user_corrections
  (document_id, coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz) desc, id desc);
