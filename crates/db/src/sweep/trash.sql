-- sweep/trash: a document whose $1 seconds in the trash are over and that nobody holds back; those of $2 have failed
-- already. Locked for the transaction: whoever would restore it waits, and finds it gone.
select id from public.documents
where deleted_at < now() - make_interval(secs => $1) and legal_hold is null and id <> all ($2)
order by deleted_at
limit 1
for update skip locked
