-- changes/undos: what was undone after a revision, oldest first
select c.revision, c.undoes
from public.document_changes c
where c.document_id = $1 and c.kind = 'undo' and c.revision > $2
order by c.revision
