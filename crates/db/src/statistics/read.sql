-- statistics/read: what attempts took from $1 until $2, by day ($3), strategy ($4) and error ($5)
select day, strategy, outcome, error_class, error_code, stage, bucket, observations, microseconds, longest, pages,
       pages_failed
from colophon.job_statistics($1, $2, $3, $4, $5)
