//! Each rule finds what it is for, and says the safer form.

use colophon_migrate::{Finding, Migration, lint, lint_file, migrations};

fn findings(up: &'static str) -> Vec<Finding> {
    let first = Migration { version: "20260101000000", name: "first", up: "", down: Some("") };
    let m = Migration { version: "20260102000000", name: "a", up, down: Some("select 1") };
    lint_file(&m, &[first, m])
}

fn rules(up: &'static str) -> Vec<String> {
    findings(up).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn our_own_files_are_clean() {
    assert_eq!(lint(&migrations()), []);
}

#[test]
fn every_rule_finds_what_it_is_for_and_says_the_safer_form() {
    for (rule, sql) in [
        // Of squawk.
        ("require-concurrent-index-creation", "create index i on public.zones (a)"),
        ("ban-drop-column", "alter table public.zones drop column a"),
        ("ban-drop-table", "drop table public.zones"),
        ("renaming-column", "alter table public.zones rename column a to b"),
        ("renaming-table", "alter table public.zones rename to b"),
        ("changing-column-type", "alter table public.zones alter column a type bigint"),
        (
            "adding-foreign-key-constraint",
            "alter table public.zones add constraint f foreign key (a) references public.documents (id)",
        ),
        ("constraint-missing-not-valid", "alter table public.zones add constraint c check (a > 0)"),
        ("adding-required-field", "alter table public.zones add column a text not null"),
        ("disallowed-unique-constraint", "alter table public.zones add constraint u unique (a)"),
        // Of a hosted project.
        ("transaction-control", "begin"),
        ("transaction-control", "commit"),
        ("platform-role", "create role reader"),
        ("platform-role", "alter role authenticated set statement_timeout = '1s'"),
        ("platform-schema", "alter table storage.objects enable row level security"),
        ("platform-schema", "create index i on storage.objects (name)"),
        ("platform-schema", "comment on table storage.objects is 'a'"),
        (
            "platform-schema",
            "create trigger t after insert on auth.users for each row execute function a.b()",
        ),
        ("platform-schema", "delete from storage.objects where true"),
        (
            "platform-schema",
            "create function auth.mine() returns int language sql set search_path = '' as 'select 1'",
        ),
        ("unqualified-name", "create table things (a int)"),
        ("unqualified-name", "insert into things values (1)"),
        ("unqualified-name", "create or replace function f() returns int language sql as 'select 1'"),
        ("function-search-path", "create function public.f() returns int language sql as 'select 1'"),
        // Of grants.
        ("grants", "create table public.things (a int)"),
        ("grants", "create function public.f() returns int language sql set search_path = '' as 'select 1'"),
        ("grants", "create table public.things (a int); revoke all on public.things from anon"),
        // Of Citus.
        (
            "key-without-document",
            "create table public.c (id uuid primary key, document_id uuid references public.documents (id))",
        ),
        (
            "key-without-document",
            "create table public.c (id uuid, document_id uuid references public.documents (id), primary key (id, document_id))",
        ),
        (
            "on-delete-set-null",
            "create table public.c (z uuid references public.zones (id) on delete set null)",
        ),
        (
            "deferrable-constraint",
            "alter table public.c add constraint u unique (a) deferrable initially deferred",
        ),
        ("now-in-do-update", "insert into public.c values (1) on conflict (a) do update set b = now()"),
        (
            "notify-in-trigger",
            "create function a.t() returns trigger language plpgsql set search_path = '' as $$ begin perform pg_notify('a', 'b'); return new; end $$",
        ),
        ("enum-type", "create type public.colour as enum ('red')"),
    ] {
        let found = findings(sql);
        let finding = found.iter().find(|finding| finding.rule == rule);
        let Some(finding) = finding else { panic!("{rule} passes over {sql}: {found:#?}") };
        assert!(
            !finding.safer.is_empty() && !finding.message.is_empty() && finding.line == 1,
            "{finding:#?}"
        );
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    for sql in [
        "insert into storage.buckets (id, name) values ('a', 'a') on conflict do nothing",
        "create policy p on storage.objects for select to authenticated using (true)",
        "create table public.c (u uuid references auth.users (id)); revoke all on public.c from public; grant select on public.c to service_role",
        "create table public.c (document_id uuid references public.documents (id), id uuid, primary key (document_id, id)); revoke all on table public.c from anon; grant all on table public.c to service_role",
        "create table public.c (document_id uuid primary key references public.documents (id)); revoke all on all tables in schema public from anon; grant all on all tables in schema public to service_role",
        "insert into public.c values (1, now()) on conflict (a) do update set b = excluded.b",
        "select 'begin; create role x; alter table storage.objects'",
    ] {
        assert_eq!(rules(sql), Vec::<String>::new(), "{sql}");
    }
}

#[test]
fn taking_away_needs_the_version_that_made_the_replacement() {
    let with = "-- contract: 20260101000000\nalter table public.zones drop column a";
    assert_eq!(rules(with), Vec::<String>::new());
    let unknown = "-- contract: 20250101000000\nalter table public.zones drop column a";
    assert!(findings(unknown)[0].message.contains("names no earlier migration"));
    let itself = "-- contract: 20260102000000\nalter table public.zones drop column a";
    assert_eq!(rules(itself), ["ban-drop-column"]);
}

#[test]
fn a_rule_is_silenced_only_with_a_reason() {
    let why =
        "-- lint-ignore: enum-type the values are fixed by a standard\ncreate type public.c as enum ('a')";
    assert_eq!(rules(why), Vec::<String>::new());
    assert_eq!(rules("-- lint-ignore: enum-type\ncreate type public.c as enum ('a')"), ["enum-type"]);
}
