-- Back from 20261123002210_calibration.sql.
drop function colophon.calibration(text, text, text, timestamptz);
