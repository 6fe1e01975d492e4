-- statistics/days: put the hours of days together that end after $1, and not after $2
insert into colophon.processing_statistics (
  grain, since, strategy, outcome, error_class, error_code, stage, bucket, observations, microseconds, longest, pages,
  pages_failed)
select 'day', date_trunc('day', since, 'UTC'), strategy, outcome, error_class, error_code, stage, bucket, sum(observations),
       sum(microseconds), max(longest), sum(pages), sum(pages_failed)
from colophon.processing_statistics
where grain = 'hour' and since >= date_trunc('day', $1, 'UTC') and since < date_trunc('day', $2, 'UTC')
group by 2, 3, 4, 5, 6, 7, 8
