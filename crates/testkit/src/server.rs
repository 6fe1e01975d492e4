//! The one server of all test processes, and the thread of this process that gives orders to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, mpsc};

use colophon_embedded::{Postgres, SUPERUSER, Settings};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::templates::{self, Template};

/// What the server runs with: nothing here has to outlive a power cut, and statistics change only when a test says so.
pub const POSTGRES_SETTINGS: [(&str, &str); 9] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "300"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("autovacuum", "off"),
    ("log_min_messages", "fatal"),
    ("log_lock_waits", "off"),
];

/// Where the server of this checkout lives: a folder for each user, checkout and choice of settings.
pub fn folder() -> PathBuf {
    let about = format!("{} {POSTGRES_SETTINGS:?} {:?}", env!("CARGO_MANIFEST_DIR"), postgres_dir());
    let user = rustix::process::getuid().as_raw();
    std::env::temp_dir().join(format!("colophon-testkit-{user}-{}", short_hash(&about)))
}

/// `COLOPHON_TEST_POSTGRES_DIR`: the folder with another server's `postgres` and `initdb`, to run the suite on it.
pub(crate) fn postgres_dir() -> Option<PathBuf> {
    std::env::var_os("COLOPHON_TEST_POSTGRES_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// 16 hexadecimal digits that stand for a text.
pub(crate) fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    let first = digest.first_chunk().copied().expect("a digest has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(first))
}

/// What a test asks of the server.
pub(crate) enum Order {
    Make(Template, String),
    Drop(String),
}

type Done = Result<(), String>;

/// This process's place at the server.
pub(crate) struct Server {
    /// Names of this process's databases begin with it.
    pub(crate) token: String,
    postgres: Arc<Postgres>,
    orders: UnboundedSender<(Order, mpsc::Sender<Done>)>,
}

impl Server {
    /// The server, started by the first test of the process.
    pub(crate) fn get() -> &'static Self {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        match SERVER.get_or_init(start) {
            Ok(server) => server,
            Err(error) => panic!("the tests' PostgreSQL: {error}"),
        }
    }

    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        self.postgres.url(role, database)
    }

    /// The folder and the port that name the server's socket.
    pub(crate) fn socket(&self) -> (&Path, u16) {
        (self.postgres.socket_dir(), self.postgres.port())
    }

    /// Gives an order and waits until it is done. Blocks: it is also called where a test unwinds.
    pub(crate) fn order(&self, order: Order) -> Done {
        let (reply, done) = mpsc::channel();
        self.orders.send((order, reply)).map_err(|_| "its thread has ended".to_owned())?;
        done.recv().map_err(|_| "its thread has ended".to_owned())?
    }
}

fn start() -> Result<Server, String> {
    let token = Uuid::new_v4().simple().to_string()[..12].to_owned();
    let (orders, received) = unbounded_channel();
    let (tell, told) = mpsc::channel();
    let name = token.clone();
    std::thread::Builder::new()
        .name("testkit".into())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(keep(name, received, tell));
        })
        .map_err(|error| error.to_string())?;
    let postgres = told.recv().map_err(|_| "its thread has ended".to_owned())??;
    Ok(Server { token, postgres, orders })
}

async fn keep(
    token: String,
    mut orders: UnboundedReceiver<(Order, mpsc::Sender<Done>)>,
    tell: mpsc::Sender<Result<Arc<Postgres>, String>>,
) {
    let mut keeper = match Keeper::open(&token).await {
        Ok(keeper) => keeper,
        Err(error) => return drop(tell.send(Err(error))),
    };
    let _ = tell.send(Ok(Arc::clone(&keeper.postgres)));
    while let Some((order, reply)) = orders.recv().await {
        let _ = reply.send(keeper.obey(order).await);
    }
}

/// Holds the server for as long as the process lives, and a connection named by its token: databases whose token has
/// no connection are left over from the dead.
pub(crate) struct Keeper {
    pub(crate) postgres: Arc<Postgres>,
    pub(crate) admin: Client,
    token: String,
}

impl Keeper {
    async fn open(token: &str) -> Result<Self, String> {
        let mut settings = Settings::new(folder(), "cargo test");
        settings.postgres_dir = postgres_dir();
        settings.server_settings =
            POSTGRES_SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let postgres = Arc::new(Postgres::open(settings).await.map_err(|error| error.to_string())?);
        let admin = connect_as(&postgres.url(SUPERUSER, "postgres"), token).await?;
        let keeper = Self { postgres, admin, token: token.to_owned() };
        keeper.drop_of_the_dead().await?;
        Ok(keeper)
    }

    async fn obey(&mut self, order: Order) -> Done {
        if self.admin.is_closed() {
            self.postgres.ensure_running().await.map_err(|error| error.to_string())?;
            self.admin = connect_as(&self.postgres.url(SUPERUSER, "postgres"), &self.token).await?;
        }
        match order {
            Order::Make(template, name) => {
                let source = templates::ensure(self, template).await?;
                // Copying files is several times faster than the default here, since nothing waits for the disk.
                let how = "owner postgres strategy file_copy";
                self.run(&format!("create database {name} template {source} {how}")).await
            }
            Order::Drop(name) => self.run(&format!("drop database if exists {name} with (force)")).await,
        }
    }

    pub(crate) async fn run(&self, sql: &str) -> Done {
        self.admin.batch_execute(sql).await.map_err(|error| format!("{sql}: {}", words(&error)))
    }

    pub(crate) async fn names(&self, sql: &str) -> Result<Vec<String>, String> {
        let rows = self.admin.query(sql, &[]).await.map_err(|error| format!("{sql}: {}", words(&error)))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Tokens of the test processes that live, this one included.
    pub(crate) async fn living(&self) -> Result<Vec<String>, String> {
        let sql = "select substr(application_name, 18) from pg_stat_activity
            where application_name like 'colophon testkit %'";
        self.names(sql).await
    }

    async fn drop_of_the_dead(&self) -> Done {
        // In this order: whoever made a database was connected before it, so it is among the living if it still is.
        let databases =
            self.names("select datname::text from pg_database where datname like 'test\\_%'").await?;
        let living = self.living().await?;
        for name in databases {
            if !living.iter().any(|token| name.starts_with(&format!("test_{token}_"))) {
                self.run(&format!("drop database if exists {name} with (force)")).await?;
            }
        }
        Ok(())
    }
}

async fn connect_as(url: &str, token: &str) -> Result<Client, String> {
    let mut config: tokio_postgres::Config = url.parse().map_err(|error| format!("{url}: {error}"))?;
    config.application_name(format!("colophon testkit {token}"));
    let (client, connection) =
        config.connect(NoTls).await.map_err(|error| format!("{url}: {}", words(&error)))?;
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| format!("{error:?}"), ToString::to_string)
}
