-- fsck/take: the document $1 uses the object $2 from now on
select colophon.take_object($1, $2, $3, $4)
