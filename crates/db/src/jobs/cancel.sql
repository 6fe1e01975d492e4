-- jobs/cancel: by the database's own function, which looks whether the caller may, and locks in everybody's order
select document_id, status, changed from colophon.cancel_job($1)
