-- idempotency_keys/get: what was written under this key
select request, resource_id, answer
from colophon.idempotency_keys
where owner = $1 and key = $2
