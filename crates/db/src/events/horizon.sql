-- events/horizon: the time of this transaction's beginning, the first transaction that was in hand then, and the first that
-- had not begun. Once nothing before the latter is in hand any more, nothing is written that claims to be older.
select now() as now, pg_snapshot_xmin(pg_current_snapshot())::text::int8 as in_hand,
       pg_snapshot_xmax(pg_current_snapshot())::text::int8 as to_come
