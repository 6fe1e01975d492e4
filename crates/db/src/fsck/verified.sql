-- fsck/verified: the content of these objects was looked at just now, and was right ($2) or wrong
update colophon.objects
set verified_at = case when $2 then clock_timestamp() else '-infinity' end
where storage_path = any ($1) and state = 'stored'
