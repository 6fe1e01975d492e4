-- Way back of 20261122100200_zones.sql. Every zone, correction and recorded confidence goes.
drop table public.user_corrections;
drop table public.zone_confidence_history;
drop table public.zones;
drop function colophon.fill_document_of_zone();
drop function colophon.record_zone_confidence();
drop function colophon.zone_text_vector(text);
drop function colophon.zone_search_text(text);
