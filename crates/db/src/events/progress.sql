-- events/progress: how far these jobs are now, and who may see them
with jobs as materialized (
  select * from public.processing_jobs where id = any ($1::uuid[])
), people as materialized (
  select v.document_id, array_agg(v.person order by v.person) as people
  from colophon.viewers_of(array(select distinct j.document_id from jobs j)) v
  group by v.document_id
)
select j.document_id, j.id as job_id, j.status, j.strategy, j.started_at, j.progress::float8 as progress, j.completed_pages,
       j.total_pages, j.completed_zones, j.total_zones, j.current_zone_id, j.error_count, j.attempt, j.max_attempts,
       j.updated_at, coalesce(p.people, '{}') as people
from jobs j
left join people p on p.document_id = j.document_id
