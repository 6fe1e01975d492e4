-- documents/purge: a document and all that hangs on it; its objects are released
delete from public.documents where id = $1
