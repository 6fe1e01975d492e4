-- uploads/remove: nothing is kept of an upload any more; no row where it was taken or ended meanwhile
delete from colophon.uploads
where id = $1 and lease_seq = $2
