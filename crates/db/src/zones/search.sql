-- zones/search: full text over the zones the caller may see, each in its own language, best first
select document_id, filename, zone_id, page_number, zone_index, zone_type, coordinates, excerpt, rank, language
from colophon.search_zones($1, $2, $3, $4, $5, $6, $7)
