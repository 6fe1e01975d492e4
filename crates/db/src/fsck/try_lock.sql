-- fsck/try_lock: keeps uploads from taking up an object, for the transaction; as colophon.take_object
select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked
