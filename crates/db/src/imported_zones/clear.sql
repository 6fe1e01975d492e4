-- imported_zones/clear: nothing waits any longer
delete from colophon.imported_zones s where s.transaction_id = pg_current_xact_id()
