-- events/people: who may see these documents
select v.document_id, array_agg(v.person order by v.person) as people
from colophon.viewers_of($1::uuid[]) v
group by v.document_id
