-- The schema for helpers and internals, which the Data API does not expose, and the functions every table needs.
-- Locks nothing that exists. Back: rollbacks/20261122100000_colophon.sql drops the schema.

create schema colophon;
revoke all on schema colophon from public;
-- USAGE alone opens no object; the login role `authenticator` needs it to parse statements before it takes a role.
grant usage on schema colophon to authenticator, anon, authenticated, service_role;

-- UUIDv7 (RFC 9562 §5.7): the milliseconds in front, so that rows appended by triggers stay together in the index; the
-- microseconds in the 12 bits behind them (§6.2, method 3), so that rows of one millisecond keep their order.
-- PostgreSQL has uuidv7() of its own only from 18.
create function colophon.uuid_v7() returns uuid
language sql volatile parallel safe set search_path = '' as $$
  select encode(
      substring(int8send(t.micros / 1000) from 3)
      || int2send((28672 + t.micros % 1000 * 4096 / 1000)::smallint)  -- 28672 is the version, 0x7000
      || substring(uuid_send(gen_random_uuid()) from 9),
    'hex')::uuid
  from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros) t
$$;
revoke all on function colophon.uuid_v7() from public;
grant execute on function colophon.uuid_v7() to authenticated, service_role;

-- updated_at is the database's word, whoever writes.
create function colophon.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;
revoke all on function colophon.touch_updated_at() from public;

-- Rows that people edit carry a revision: every change that is not bookkeeping raises it by one.
create function colophon.next_revision() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  new.revision := old.revision + 1;
  return new;
end
$$;
revoke all on function colophon.next_revision() from public;
