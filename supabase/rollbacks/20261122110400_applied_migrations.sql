-- Way back of 20261122110400_applied_migrations.sql.
drop function colophon.applied_migrations();
