-- changes/begin: opens this transaction's change of a document, which locks the document
select colophon.begin_change($1, $2, $3, $4, $5, $6, $7) as revision
