-- Way back of 20261122100000_colophon.sql. No CASCADE: what another migration put into the schema must go first.
drop function colophon.next_revision();
drop function colophon.touch_updated_at();
drop function colophon.uuid_v7();
drop schema colophon;
