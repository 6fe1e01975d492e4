-- sweep/idempotency_keys: keys that no sender repeats any more, older than $1 seconds
delete from colophon.idempotency_keys k
where (k.owner, k.key) in (
  select o.owner, o.key from colophon.idempotency_keys o
  where o.created_at < now() - make_interval(secs => $1)
  order by o.created_at
  limit $2
  for update skip locked)
