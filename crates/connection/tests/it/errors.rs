//! Errors say what was tried, and what to do now.

use std::time::Duration;

use colophon_connection::{ConnectionUrl, Error};
use colophon_testkit::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

async fn refused(url: &str) -> Error {
    let connector = ConnectionUrl::parse(url).expect(url).connector("a test").expect(url);
    connector.connect().await.map(drop).expect_err(url)
}

/// A server that answers the beginning of each connection with an error of this code and these words.
async fn server_that_says(code: &'static str, words: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut start = [0; 512];
            let _ = client.read(&mut start).await;
            let body = format!("SFATAL\0VFATAL\0C{code}\0M{words}\0\0");
            let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
            let _ = client.write_all(&[b"E", &length[..], body.as_bytes()].concat()).await;
        }
    });
    port
}

#[tokio::test]
async fn an_error_of_connecting_says_where_to_and_what_to_do() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("a port").port();
    let table = [
        (format!("postgres://u:hunter2@127.0.0.1:{silent}/d"), "is the server running"),
        ("postgres://u:hunter2@no-such-host.invalid/d".to_owned(), "is the host's name right"),
        ("postgres://u:hunter2@/d?host=/no/such/folder".to_owned(), "no server has its socket there"),
    ];
    for (url, says) in table {
        let error = refused(&url).await;
        for told in [error.to_string(), format!("{error:?}")] {
            assert!(!told.contains("hunter2"), "{told}");
        }
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains("role u"), "{error}");
        assert!(!error.is_usage() && !error.is_full());
    }
}

#[tokio::test]
async fn supabases_direct_host_without_a_way_by_ipv6_leads_to_the_session_pooler() {
    // 255.255.255.255 takes no connection: the system says that there is no way.
    for url in [
        "postgres://postgres@db.no-such-project.supabase.co/postgres?hostaddr=255.255.255.255",
        "postgres://postgres@db.no-such-project-xyz.supabase.co/postgres?connect_timeout=3",
    ] {
        let error = refused(url).await.to_string();
        assert!(error.contains("session pooler") && error.contains("IPv4 add-on"), "{error}");
    }
}

#[tokio::test]
async fn a_full_server_or_pooler_is_known_by_its_code_or_its_words() {
    for (code, words) in [
        ("53300", "sorry, too many clients already"),
        ("08P01", "no more connections allowed (max_client_conn)"),
        ("XX000", "Max client connections reached"),
        ("XX000", "(EMAXCONNSESSION) max clients reached in session mode"),
    ] {
        let port = server_that_says(code, words).await;
        let error = refused(&format!("postgres://u@127.0.0.1:{port}/d?sslmode=disable")).await;
        assert!(error.is_full(), "{error}");
        assert!(error.to_string().contains(words) && error.to_string().contains("pools"), "{error}");
    }
    let port = server_that_says("XX000", "Tenant or user not found").await;
    let error = refused(&format!("postgres://u@127.0.0.1:{port}/d?sslmode=disable")).await;
    assert!(error.to_string().contains("PROJECT-REF"), "{error}");
}

#[tokio::test]
async fn a_server_that_takes_the_call_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let begun = std::time::Instant::now();
    let error = refused(&format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1")).await;
    assert!(matches!(error, Error::Slow { seconds: 1, .. }), "{error}");
    assert!(error.to_string().contains("connect_timeout"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_socket_is_reached_whatever_the_sslmode_and_has_no_pooler() {
    let db = TestDatabase::empty().await;
    let url = format!("{}&sslmode=verify-full", db.url("postgres"));
    let connector = ConnectionUrl::parse(&url).expect("a URL").connector("a test").expect("it is ready");
    let client = connector.connect().await.expect("it answers");
    assert_eq!(connector.pooler().await.expect("it answers"), colophon_connection::Pooler::None);
    let shown = client.query_one("select current_setting('application_name')", &[]).await.expect("a row");
    assert_eq!(shown.get::<_, String>(0), "a test");
}

#[test]
fn a_file_that_holds_no_certificate_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").expect("a file");
    for path in [empty, folder.path().join("none.pem")] {
        let url = format!("postgres://u@h/d?sslmode=verify-full&sslrootcert={}", path.display());
        let error =
            ConnectionUrl::parse(&url).expect("a URL").connector("a test").expect_err("no certificate");
        assert!(error.is_usage() && error.to_string().contains(&path.display().to_string()), "{error}");
    }
}
