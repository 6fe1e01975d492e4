//! TLS as libpq does it.

use colophon_connection::{ConnectionUrl, Error};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::server::{Server, authority};

/// Is the connection encrypted?
async fn connect(url: &str) -> Result<bool, Error> {
    let client = ConnectionUrl::parse(url)?.connector("a test")?.connect().await?;
    let row = client.query_one("select ssl from pg_stat_ssl where pid = pg_backend_pid()", &[]).await;
    Ok(row.expect("an answer").get(0))
}

async fn refused(url: &str) -> String {
    connect(url).await.expect_err(url).to_string()
}

#[tokio::test]
async fn each_sslmode_protects_as_in_libpq() {
    let (server, ca) = Server::start().await.with_tls().await;
    let wrong = server.file("wrong.pem", &authority().pem());
    let (ca, wrong) = (format!("sslrootcert={}", ca.display()), format!("sslrootcert={}", wrong.display()));
    let url = |host, role, parameters: &[&str]| server.url(host, role, &parameters.join("&"));

    for (host, role, parameters, encrypted) in [
        ("localhost", "anybody", vec!["sslmode=verify-full", &ca], true),
        ("localhost", "by_tls", vec!["sslmode=verify-full", &ca], true),
        ("127.0.0.1", "anybody", vec!["sslmode=verify-ca", &ca], true),
        ("127.0.0.1", "anybody", vec!["sslmode=require", &ca], true),
        ("127.0.0.1", "anybody", vec!["sslmode=require"], true),
        ("127.0.0.1", "anybody", vec![], true),
        ("127.0.0.1", "by_plain", vec!["sslmode=prefer"], false),
        ("127.0.0.1", "anybody", vec!["sslmode=allow"], false),
        ("127.0.0.1", "by_tls", vec!["sslmode=allow"], true),
        ("127.0.0.1", "anybody", vec!["sslmode=disable"], false),
    ] {
        let url = url(host, role, &parameters);
        assert_eq!(connect(&url).await.unwrap_or_else(|error| panic!("{url}: {error}")), encrypted, "{url}");
    }

    for (host, role, parameters, says) in [
        ("127.0.0.1", "anybody", vec!["sslmode=verify-full", &ca], "sslmode=verify-ca to leave the name"),
        ("localhost", "anybody", vec!["sslmode=verify-full", &wrong], "sslrootcert=FILE"),
        ("localhost", "anybody", vec!["sslmode=verify-ca", &wrong], "sslrootcert=FILE"),
        ("localhost", "anybody", vec!["sslmode=require", &wrong], "sslrootcert=FILE"),
        ("localhost", "anybody", vec!["sslrootcert=system"], "nobody known signed"),
        ("127.0.0.1", "by_tls", vec!["sslmode=disable"], "say sslmode=require"),
        ("127.0.0.1", "by_plain", vec!["sslmode=require"], "no pg_hba.conf entry"),
    ] {
        let url = url(host, role, &parameters);
        let said = refused(&url).await;
        assert!(said.contains(says), "{url}: {said}");
    }
    let by_name = url("by.name", "anybody", &["hostaddr=127.0.0.1", "sslmode=verify-full", &ca]);
    assert!(refused(&by_name).await.contains("verify-ca"), "the name is what is verified, not the address");

    let password = |parameters: &str| {
        server.url("localhost", "by_password:correct", &format!("{parameters}&sslmode=verify-full&{ca}"))
    };
    assert!(
        connect(&password("channel_binding=require")).await.expect("the password is bound to the channel")
    );
    server.close().await;
}

#[tokio::test]
async fn a_server_without_tls_is_met_in_the_open_only_where_that_is_allowed() {
    let server = Server::start().await;
    for mode in ["disable", "allow", "prefer"] {
        let url = server.url("127.0.0.1", "anybody", &format!("sslmode={mode}"));
        assert!(!connect(&url).await.expect(mode), "{mode}");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let said = refused(&server.url("127.0.0.1", "anybody", &format!("sslmode={mode}"))).await;
        assert!(said.contains("does not support TLS") && said.contains("sslmode=disable"), "{mode}: {said}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_known_by_its_own_file() {
    // As PostgreSQL's manual makes one: `openssl req -x509` says that it is an authority.
    let server = Server::start().await;
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).expect("it signs itself").pem();
    server.certify(&own, &key).await;
    let file = server.file("own.pem", &own);
    let parameters = |mode: &str| format!("sslmode={mode}&sslrootcert={}", file.display());
    assert!(connect(&server.url("localhost", "anybody", &parameters("verify-full"))).await.expect("known"));
    assert!(connect(&server.url("127.0.0.1", "anybody", &parameters("verify-ca"))).await.expect("known"));
    refused(&server.url("127.0.0.1", "anybody", &parameters("verify-full"))).await;
    server.close().await;
}
