-- imported_zones/find: the zones that these keys of the file became
select distinct on (s.key) s.key, s.id
from colophon.imported_zones s
where s.transaction_id = pg_current_xact_id() and s.key = any ($1)
order by s.key, s.ordinal
