-- health/clock: what time the server has
select clock_timestamp() as now
