-- sweep/purging: what goes from now on in this transaction of this document is not kept in its history
select set_config('colophon.purging', $1::uuid::text, true) as document
