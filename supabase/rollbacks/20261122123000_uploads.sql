-- Back from 20261122123000_uploads.sql: uploads under way are forgotten; what was written of them is swept as announced
-- objects that never came. Documents that came of finished ones stay.
drop function colophon.finish_upload(uuid, bigint, uuid, integer, uuid);
drop table colophon.uploads;
