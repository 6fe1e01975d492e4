-- fsck/forget_fields: what the index of fields has of a document, before it is made anew
delete from colophon.document_fields where document_id = $1
