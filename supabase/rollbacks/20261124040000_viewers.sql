-- Back from 20261124040000_viewers.sql.
drop function colophon.viewers_of(uuid[]);
