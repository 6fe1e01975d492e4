-- documents/set_status: bookkeeping, leaves the revision alone
update public.documents
set status = $2, status_detail = $3
where id = $1
