-- Back from 20261123004000_idempotency_answers.sql: corrections that are sent again are then no longer recognised.
delete from colophon.idempotency_keys where answer is not null;
alter table colophon.idempotency_keys drop column answer;
