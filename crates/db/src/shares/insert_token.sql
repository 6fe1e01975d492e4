-- shares/insert_token: the SHA-256 of a link's token
insert into colophon.document_share_tokens (document_id, share_id, token_hash)
values ($1, $2, sha256(convert_to($3, 'UTF8')))
