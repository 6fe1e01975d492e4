-- jobs/count_live: how many live jobs may have a status, $2 at most
select count(*) as count from colophon.live_jobs($1, $2)
