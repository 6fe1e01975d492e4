-- queue/one_by_one: wait for one's turn to claim. Until the transaction ends; 6365 is this program's number.
select pg_advisory_xact_lock(6365, 1)
