-- Back from 20261123003000_undone.sql. Nothing is lost.
drop trigger zones_brought_back on public.zones;
drop function colophon.zone_brought_back();
drop function colophon.is_undone(uuid, bigint);
drop function colophon.undone_revisions(uuid);
alter table public.zone_history drop column zone_index, drop column version;
