-- accesses/record: a line in the document's log, unless the caller owns it
select colophon.record_access($1, $2, $3)
