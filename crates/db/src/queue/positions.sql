-- queue/positions: where the turns of some queues stand
select queue, strategy, priority, position from colophon.job_positions where queue = any ($1)
