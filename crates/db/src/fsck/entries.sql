-- fsck/entries: what the ledger says of these objects now
select o.storage_path,
       bool_or(o.state = 'stored') as stored,
       (array_agg(o.document_id order by o.state = 'stored' desc, o.document_id))[1] as document_id,
       min(o.file_size_bytes) filter (where o.state = 'stored') as least_bytes,
       max(o.file_size_bytes) filter (where o.state = 'stored') as most_bytes
from colophon.objects o
where o.storage_path = any ($1)
group by o.storage_path
