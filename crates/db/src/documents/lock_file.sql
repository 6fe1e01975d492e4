-- documents/lock_file: whoever stores the same file for the same owner at once waits here until the other is done
select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))
