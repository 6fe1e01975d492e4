-- statistics/count: count the hours from $1 until $2, which have been forgotten
insert into colophon.processing_statistics (
  grain, since, strategy, outcome, error_class, error_code, stage, bucket, observations, microseconds, longest, pages,
  pages_failed)
select 'hour', hour, strategy, outcome, error_class, error_code, stage, bucket, observations, microseconds, longest, pages,
       pages_failed
from colophon.count_attempts($1, $2, null)
