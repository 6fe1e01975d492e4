-- events/notify: which jobs changed, for everybody who watches; '*' for "look". Never within the work's own transaction,
-- and nothing to wait for the disk for
select set_config('synchronous_commit', 'off', true), pg_notify('colophon_events', $1)
