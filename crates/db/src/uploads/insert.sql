-- uploads/insert: an upload that was begun in the store, unless its owner has $9 open ones already
insert into colophon.uploads (
  id, owner, document_id, storage_path, upload_length, upload_metadata, details, resumption, expires_at)
select $1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $10)
where (select count(*) from colophon.uploads u where u.owner = $2 and u.resumption is not null) < $9
returning expires_at
