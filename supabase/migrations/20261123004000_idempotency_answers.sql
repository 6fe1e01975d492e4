-- What is needed to answer a repeated write again, where that is more than the identifier of what it made: a correction
-- has the revision that it made and the zones that came of it. A nullable column: ACCESS EXCLUSIVE for an instant.
-- Back: rollbacks/20261123004000_idempotency_answers.sql.
alter table colophon.idempotency_keys add column answer jsonb;
