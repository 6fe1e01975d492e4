-- Way back of 20261122100000_colophon.sql.
drop schema colophon cascade;
