-- events/horizon: the time of this transaction's beginning, the oldest transaction that was in hand then, and its own number.
-- It takes one, though it writes nothing: others may have begun above the snapshot's xmax, and those above its own begin
-- later. Once nothing below it is in hand any more, nothing comes that claims to be older.
select now() as now, pg_snapshot_xmin(pg_current_snapshot())::text::int8 as in_hand,
       pg_current_xact_id()::text::int8 as own
