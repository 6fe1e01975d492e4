//! A PostgreSQL of the test's own that listens on TCP, with certificates made for it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use colophon_embedded::{Postgres, SUPERUSER, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_postgres::{Client, NoTls};

pub struct Server {
    postgres: Postgres,
    folder: tempfile::TempDir,
}

impl Server {
    /// Who comes as `anybody` is let in, as `by_tls` with TLS only, as `by_plain` without it only.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("colophon-").tempdir().expect("a folder");
        let mut settings = Settings::new(folder.path().join("data"), "a test");
        settings.listen = Some("127.0.0.1:0".parse().expect("an address"));
        settings.server_settings = vec![("fsync".into(), "off".into())];
        let server = Self { postgres: Postgres::open(settings).await.expect("it opens"), folder };
        let access = "local all all peer map=colophon\nhost all anybody all trust\nhost all by_password all scram-sha-256\n\
                     hostssl all by_tls all trust\nhostnossl all by_plain all trust\n";
        server.place("pg_hba.conf", access);
        let roles = "create role anybody login; create role by_tls login; create role by_plain login;
                     create role by_password login password 'correct'; select pg_reload_conf()";
        server.admin().await.batch_execute(roles).await.expect("roles");
        server.wait("exists (select from pg_hba_file_rules where user_name = '{by_tls}')").await;
        server
    }

    /// Switches TLS on, with a certificate for `localhost` by an authority whose file this gives.
    pub async fn with_tls(self) -> (Self, PathBuf) {
        let authority = authority();
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &authority).expect("it is signed");
        self.certify(&certificate.pem(), &key).await;
        let file = self.file("authority.pem", &authority.pem());
        (self, file)
    }

    /// The server's certificate from now on.
    pub async fn certify(&self, certificate: &str, key: &KeyPair) {
        self.place("server.crt", certificate);
        self.place("server.key", &key.serialize_pem());
        let on = "alter system set ssl = on";
        self.admin().await.batch_execute(on).await.expect("it is set");
        self.admin().await.batch_execute("select pg_reload_conf()").await.expect("it reloads");
        self.wait("current_setting('ssl') = 'on'").await;
    }

    /// A connection string by TCP.
    pub fn url(&self, host: &str, role: &str, parameters: &str) -> String {
        format!("postgresql://{role}@{host}:{}/postgres?{parameters}", self.postgres.port())
    }

    /// A file beside the server.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("it is written");
        path
    }

    /// A file of the cluster, which the server's own user must own.
    fn place(&self, name: &str, text: &str) {
        let cluster = self.folder.path().join("data/postgres");
        let owner = fs::metadata(&cluster).expect("a cluster");
        let path = cluster.join(name);
        fs::write(&path, text).expect("it is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).expect("its owner");
    }

    async fn admin(&self) -> Client {
        let url = self.postgres.url(SUPERUSER, "postgres");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("the socket");
        tokio::spawn(connection);
        client
    }

    /// A new connection each time: settings are read anew when one begins.
    async fn wait(&self, condition: &str) {
        let begun = std::time::Instant::now();
        loop {
            let row = self.admin().await.query_one(&format!("select {condition}"), &[]).await;
            if row.expect("an answer").get(0) {
                return;
            }
            assert!(begun.elapsed().as_secs() < 10, "not yet: {condition}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub async fn close(self) {
        self.postgres.close().await.expect("it closes");
    }
}

/// An authority nobody knows.
pub fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of a test");
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("it signs itself")
}
