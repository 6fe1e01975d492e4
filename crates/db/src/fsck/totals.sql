-- fsck/totals: how much there is to look at, and what time the database says it is
select (select count(*) from public.documents) as documents, count(*) as objects,
       coalesce(sum(file_size_bytes) filter (where state = 'stored'), 0)::bigint as bytes, clock_timestamp() as time
from colophon.objects
