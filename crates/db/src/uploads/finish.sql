-- uploads/finish: an upload has become this version of this document
select colophon.finish_upload($1, $2, $3, $4, $5) as finished
