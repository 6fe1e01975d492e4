-- signing_keys/list: all of them, the one that signs first
select id, secret from colophon.signing_keys order by created_at desc, id desc
