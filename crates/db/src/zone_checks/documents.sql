-- zone_checks/documents: documents whose zones are to be looked at, after one; $2 at most
select id from public.documents where id > $1 order by id limit $2
