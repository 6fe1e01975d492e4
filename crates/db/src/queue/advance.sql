-- queue/advance: say where the turns of some classes stand now. Never back: a late word changes nothing. Nobody waits for
-- the disk: where the word is lost, claims begin a little earlier.
with quick as materialized (
  select set_config('synchronous_commit', 'off', true)
)
insert into colophon.job_positions as p (queue, strategy, priority, position)
select c.* from unnest($1::text[], $2::text[], $3::int2[], $4::int8[]) c, quick
order by 1, 2, 3
on conflict (queue, strategy, priority) do update set position = excluded.position
where p.position < excluded.position
