-- signing_keys/insert: a new key, which signs from now on
insert into colophon.signing_keys default values
