-- Back from 20261122122100_signing_keys.sql: every signed URL ends.
drop table colophon.signing_keys;
