-- The changes that undid others: what colophon.undone_revisions asks for, however long the history is. CONCURRENTLY, so
-- that zones are written meanwhile. Back: rollbacks/20261123003100_document_changes_undo_index.sql.
create index concurrently document_changes_undo_idx on public.document_changes (document_id, revision) where kind = 'undo';
