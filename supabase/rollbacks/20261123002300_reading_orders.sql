-- Back from 20261123002300_reading_orders.sql: every named order is lost.
drop table public.reading_orders;
