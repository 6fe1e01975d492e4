-- What people said of a tool's findings, read by colophon.calibration without a look at the corrections themselves.
-- CONCURRENTLY, so that corrections are written meanwhile.
-- Back: rollbacks/20261123002200_user_corrections_verdicts_index.sql.
create index concurrently user_corrections_verdicts_idx on public.user_corrections
  (document_id, zone_id, created_at)
  include (processing_tool, processing_model, zone_type, confidence_before, correction_type, zones_revision)
  where confidence_before is not null;
