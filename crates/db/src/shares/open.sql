-- shares/open: the document that a link opens for the caller, whose from now on it is to see; an error for any other
select colophon.open_share_link($1) as document_id
