-- sweep/released: objects that no row names any more, for longer than $1 seconds; those of $2 have failed already.
-- Each row and its path (as colophon.take_object does) are locked for the transaction. Nobody waits: what another node
-- or an upload holds is left to the next round.
with due as materialized (
  select o.document_id, o.storage_path
  from colophon.objects o
  where o.state = 'released' and o.changed_at < now() - make_interval(secs => $1) and o.storage_path <> all ($2)
  order by o.changed_at
  limit $3
  for update skip locked
)
select d.document_id, d.storage_path from due d
where pg_try_advisory_xact_lock(hashtextextended(d.storage_path, 0))
