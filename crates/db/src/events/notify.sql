-- events/notify: which jobs changed, for everybody who watches; '*' for "look". Never within the work's own transaction
select pg_notify('colophon_events', $1)
