-- metadata_schemas/of_document: the schema of a document's owner, for whoever may edit the document
select owner, schema, created_at, updated_at, revision
from colophon.metadata_schema_of($1)
