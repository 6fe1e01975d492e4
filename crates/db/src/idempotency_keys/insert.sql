-- idempotency_keys/insert: 1 where the key is new, 0 where another write took it (it waits for that one to commit)
insert into colophon.idempotency_keys (owner, key, request, resource_id, answer)
values ($1, $2, $3, $4, $5)
on conflict (owner, key) do nothing
