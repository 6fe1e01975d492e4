-- sweep/purge: a document with all that hangs on it; triggers release its objects
delete from public.documents where id = $1
