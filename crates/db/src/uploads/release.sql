-- uploads/release: who wrote an upload stops for now; whoever comes next need not wait
update colophon.uploads set lease_until = null where id = $1 and lease_seq = $2
