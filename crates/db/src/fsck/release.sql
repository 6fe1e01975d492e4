-- fsck/release: no version of the document $1 names the object $2 any more
select colophon.release_object($1, $2)
