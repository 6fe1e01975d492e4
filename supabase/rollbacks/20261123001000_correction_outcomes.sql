-- Back from 20261123001000_correction_outcomes.sql: how corrections came through runs is lost, and the runs' zones that
-- waited. Zones and corrections stay.
drop table public.correction_outcomes;
