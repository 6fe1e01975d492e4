-- documents/count_of_field: how many documents have a tag or a plain value, of a person or of all; 1,001 are many
select count(*)
from (
  select from colophon.document_fields f
  where f.field = $1
    and f.value = colophon.field_value($2::text)
    and ($3::text is null or f.uploaded_by = $3)
  limit 1001) few
