-- correction_outcomes/insert: how corrections came through the run of change $2
insert into public.correction_outcomes (
  document_id, revision, id, correction_id, zone_id, outcome, zone_ids, candidates, base, theirs, yours)
select $1, $2, o.id, o.correction_id, o.zone_id, o.outcome,
       array(select value::uuid from jsonb_array_elements_text(o.zone_ids)), o.candidates, o.base, o.theirs, o.yours
from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::jsonb[], $8::jsonb[], $9::jsonb[], $10::jsonb[],
            $11::jsonb[])
  as o (id, correction_id, zone_id, outcome, zone_ids, candidates, base, theirs, yours)
