-- sweep/in_use: those of these objects that somebody else uses, or did within the last $2 seconds
select distinct o.storage_path
from colophon.objects o
where o.storage_path = any ($1)
  and (o.state <> 'released' or o.changed_at >= now() - make_interval(secs => $2))
