-- A part belongs to a zone of the same document, and no zone goes while it has parts. For new rows at once, for old ones
-- by 20261123000300. SHARE ROW EXCLUSIVE for an instant. Back: rollbacks/20261123000200_zones_parent_id_key.sql.
alter table public.zones add constraint zones_parent_id_fkey
  foreign key (document_id, parent_id) references public.zones (document_id, id) not valid;
