-- The keys that signed URLs are signed with. They lie in the database, so that all servers of it agree and nobody has to
-- configure any. The newest signs, all verify: `insert into colophon.signing_keys default values` begins a new one, and
-- deleting the old one ends every URL that it signed.
-- A new table: locks nothing. Back: rollbacks/20261122122100_signing_keys.sql drops it, which ends all signed URLs.

-- 366 random bits; gen_random_uuid() draws on the system's source of randomness.
create table colophon.signing_keys (
  id         uuid primary key default gen_random_uuid(),
  secret     bytea not null default sha256(convert_to(
    gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')),
  created_at timestamptz not null default now(),
  constraint signing_keys_secret_check check (octet_length(secret) = 32)
);
insert into colophon.signing_keys default values;

-- No policy: readable by the platform alone.
alter table colophon.signing_keys enable row level security;
-- The platform's alone. It bypasses policies; this one says so to whoever looks for them.
create policy signing_keys_service on colophon.signing_keys for select to service_role using (true);
revoke all on colophon.signing_keys from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.signing_keys to service_role;
