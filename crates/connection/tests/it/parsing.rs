//! What is read of a connection string, and what is never told of it.

use colophon_connection::{ConnectionUrl, Form, Pooler, SslMode};

fn parse(text: &str) -> ConnectionUrl {
    ConnectionUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_string_tells_its_form_its_pooler_and_how_the_way_is_protected() {
    use SslMode::{Allow, Disable, Prefer, Require, VerifyCa, VerifyFull};
    let transaction = |dedicated| Form::SupabaseTransactionPooler { dedicated };
    let table = [
        ("postgresql://u@/d?host=/run/postgresql", Form::UnixSocket, None, Disable),
        ("postgresql://u@/d?host=%2Frun%2Fpg&sslmode=require", Form::UnixSocket, None, Disable),
        ("host=/run/postgresql user=u", Form::UnixSocket, None, Disable),
        ("postgres://u:p@example.org/d", Form::Direct, None, Prefer),
        ("postgres://u:p@example.org:6543/d", Form::Direct, None, Prefer),
        ("postgres://u:p@[::1]:5433/d", Form::Direct, None, Prefer),
        ("hostaddr=127.0.0.1 user=u", Form::Direct, None, Prefer),
        ("postgres://u@h/d?sslmode=disable", Form::Direct, None, Disable),
        ("postgres://u@h/d?sslmode=allow", Form::Direct, None, Allow),
        ("postgres://u@h/d?sslmode=require", Form::Direct, None, Require),
        ("postgres://u@h/d?sslmode=require&sslrootcert=ca.pem", Form::Direct, None, VerifyCa),
        ("postgres://u@h/d?sslmode=verify-ca", Form::Direct, None, VerifyCa),
        (
            "postgres://u@h/d?sslrootcert=%2Fa%20b%2Fca.pem&sslmode=verify-full",
            Form::Direct,
            None,
            VerifyFull,
        ),
        ("host=h user=u sslmode=verify-full sslrootcert='/a b/ca.pem'", Form::Direct, None, VerifyFull),
        ("postgres://u@h/d?sslrootcert=system", Form::Direct, None, VerifyFull),
        ("postgres://u@h/d?pgbouncer=true", Form::Direct, Some(Pooler::Transaction), Prefer),
        (
            "postgresql://postgres:p@db.abcdefgh.supabase.co:5432/postgres",
            Form::SupabaseDirect,
            Some(Pooler::None),
            Require,
        ),
        (
            "postgres://postgres.ref:p@aws-0-eu-west-1.pooler.supabase.com:5432/postgres",
            Form::SupabaseSessionPooler,
            Some(Pooler::Session),
            Require,
        ),
        (
            "postgres://postgres.ref:p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
            transaction(false),
            Some(Pooler::Transaction),
            Require,
        ),
        (
            "postgres://postgres:p@DB.ref.supabase.co:6543/postgres?sslmode=verify-ca&pgbouncer=true",
            transaction(true),
            Some(Pooler::Transaction),
            VerifyCa,
        ),
        (
            "postgres://postgres:p@db.ref.supabase.co/postgres?sslmode=disable",
            Form::SupabaseDirect,
            Some(Pooler::None),
            Disable,
        ),
    ];
    for (text, form, pooler, sslmode) in table {
        let url = parse(text);
        assert_eq!((url.form(), url.pooler(), url.sslmode()), (form, pooler, sslmode), "{text}");
    }
}

#[test]
fn a_string_that_cannot_be_read_is_refused_with_what_to_do_and_without_its_values() {
    let table = [
        ("postgres://u:hunter2@h/d?sslmode=always", "verify-full"),
        ("postgres://u:hunter2@h/d?sslmod=require", "unknown parameter `sslmod`"),
        ("postgres://u:hunter2@h/d?connection_limit=1", "unknown parameter `connection_limit`"),
        ("postgres://u:hunter2@h/d?sslcert=hunter2", "unknown parameter `sslcert`"),
        ("postgres://u:hunter2@h/d?pgbouncer=hunter2", "pgbouncer is true or false"),
        ("postgres://u:hunter2@h/d?sslmode=require&sslrootcert=system", "verify-full only"),
        ("postgres://u:hunter2@h/d?connect_timeout=hunter2", "connect_timeout"),
        ("postgres://u:hunter2@h:hunter2/d", "invalid value for parameter `port`"),
        ("postgres://u:hun@hunter2@h/d", "%40"),
        ("postgres://u:hunter2@h/d?sslmode=%zz", "hexadecimal"),
        ("postgres://u:hunter2@h/d?sslmode", "name=value"),
        ("postgres://u:hunter2@/d", "names no host"),
        ("host=h password='hunter2", "no end"),
        ("host=h password=hunter2 sslmode=never", "verify-full"),
        ("host=h hunter2", "name=value"),
        ("hunter2", "name=value"),
        ("", "names no host"),
        ("https://u:hunter2@example.org", "name=value"),
    ];
    for (text, says) in table {
        let error = ConnectionUrl::parse(text).map(|url| url.to_string()).expect_err(text);
        for told in [error.to_string(), format!("{error:?}")] {
            assert!(told.contains(says), "{text}: {told}");
            assert!(!told.contains("hunter2"), "{text}: {told}");
        }
        assert!(error.is_usage());
    }
}

#[test]
fn a_password_is_read_and_never_told() {
    let quoted = r"host=example.org port=5433 dbname=d user=u password='hunter2 \' \\' sslmode=require";
    for text in ["postgres://u:hunter2%20%27%20%5C@example.org:5433/d", quoted] {
        let url = parse(text);
        let connector = url.connector("a test").expect("nothing to read");
        assert_eq!(connector.postgres().get_password(), Some(&br"hunter2 ' \"[..]), "{text}");
        assert_eq!(url.to_string(), "example.org:5433, database d, role u");
        assert!(!format!("{url:?} {connector:?}").contains("hunter2"));
    }
    // A `?` before the `@` belongs to the password.
    let connector = parse("postgres://u:hun?ter2@h/d?sslmode=disable").connector("a test").expect("read");
    assert_eq!(connector.postgres().get_password(), Some(&b"hun?ter2"[..]));
}

#[test]
fn other_databases_of_a_server_are_one_word_away() {
    let url = parse("postgres://u@[::1]:5433/d").with_database("other");
    assert_eq!(url.to_string(), "[::1]:5433, database other, role u");
}
