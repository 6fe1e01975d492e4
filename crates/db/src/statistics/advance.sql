-- statistics/advance: attempts have been counted until $1
insert into colophon.processing_statistics_progress (counted_until) values ($1)
on conflict (only_row) do update set counted_until = excluded.counted_until
