-- quotas/set: what an owner may keep from now on; what is there stays
insert into colophon.quotas (owner, max_documents, max_bytes, updated_at) values ($1, $2, $3, now())
on conflict (owner) do update
  set max_documents = excluded.max_documents, max_bytes = excluded.max_bytes, updated_at = excluded.updated_at
