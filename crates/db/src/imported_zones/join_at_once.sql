-- imported_zones/join_at_once: nobody has counted the rows that wait, and a plan for a few of them, row by row, takes for ever
-- with many; until the transaction ends
select set_config('enable_nestloop', 'off', true)
