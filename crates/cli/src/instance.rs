//! From what was typed to what is running: the database, the store, the secrets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use colophon_blobs::Store;
use colophon_db::{Config, ConnectionUrl, Database, Pooler};
use colophon_domain::UserId;
use colophon_embedded::{OnProgress, Postgres, Progress, Settings};
use colophon_http::auth::Verifier;
use colophon_migrate::{Migrator, Standing};
use colophon_service::{DEFAULT_UPLOAD_LIMIT, Platform};
use etcetera::BaseStrategy as _;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::args::Place;
use crate::failure::{Usage, WrongSchema};
use crate::secrets;
use crate::shared::{Reached, shared};

/// The private instance's database, its bootstrap superuser, the owner of its tables, and the role that logs in.
const DATABASE: &str = "colophon";
const SUPERUSER: &str = "supabase_admin";
const OWNER: &str = "postgres";
const LOGIN: &str = "authenticator";

/// Connections kept for requests, besides one for each worker.
const POOL: usize = 16;
/// The private PostgreSQL takes 100 connections, and other programs want some too.
const POOL_MOST: usize = 64;
/// A session pooler has few places (15 in a small Supabase project), and others want some too.
const POOL_BEHIND_SESSION_POOLER: usize = 10;

/// Everything a command needs.
pub struct Instance {
    /// Use cases.
    pub platform: Arc<Platform>,
    /// Whom documents belong to that come in by the command line.
    pub owner: UserId,
    data_dir: PathBuf,
    postgres: Option<Arc<Postgres>>,
    supervisor: CancellationToken,
}

/// What a command wants of an instance, besides where it is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// How others are told about this program.
    pub program: &'static str,
    /// Workers of this program.
    pub workers: u16,
    /// TCP address of the private PostgreSQL.
    pub database_listen: Option<std::net::SocketAddr>,
}

impl Instance {
    /// Opens an instance: starts or joins its private PostgreSQL and brings that one's schema up to date; a shared
    /// database is only checked.
    pub async fn open(place: &Place, wish: Wish) -> anyhow::Result<Self> {
        let data_dir = data_dir(place)?;
        let store = store(place, &data_dir)?;
        let owner = secrets::owner(&data_dir)?;
        let (reached, postgres) = if let Some(shared) = shared(place)? {
            check_schema(shared.for_migrations()).await?;
            (shared.reach(wish.program).await?, None)
        } else {
            let postgres = open_private(place, &data_dir, &wish).await?;
            migrate_private(&postgres).await?;
            (Reached::directly(&postgres.url(LOGIN, DATABASE))?, Some(Arc::new(postgres)))
        };
        let database = Database::new(Config {
            url: reached.url,
            direct_url: reached.direct_url,
            pooler: reached.pooler,
            pool_size: pool_size(wish.workers, reached.pooler),
            application_name: wish.program.to_owned(),
        })?;
        let platform = Arc::new(Platform {
            database,
            store,
            pdf: colophon_pdf::Child { program: this_program()?, args: vec!["pdf-child".into()] },
            pdf_limits: colophon_pdf::Limits::default(),
            inspections: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(2, usize::from) * 2,
            )),
            upload_limit: DEFAULT_UPLOAD_LIMIT,
        });
        let supervisor = CancellationToken::new();
        if let Some(postgres) = &postgres {
            tokio::spawn(supervise(Arc::clone(postgres), supervisor.clone()));
        }
        Ok(Self { platform, owner, data_dir, postgres, supervisor })
    }

    /// How this instance verifies tokens.
    pub fn verifier(&self) -> anyhow::Result<Verifier> {
        if self.postgres.is_some() {
            return Ok(Verifier::new(&secrets::token_secret(&self.data_dir)?));
        }
        let secret = std::env::var("SUPABASE_JWT_SECRET").map_err(|_| {
            Usage(
                "a shared database needs the secret that its tokens are signed with: set SUPABASE_JWT_SECRET"
                    .into(),
            )
        })?;
        Ok(Verifier::new(secret.as_bytes()))
    }

    /// Where other programs reach the private database: by TCP if it was asked for, else by the Unix socket.
    pub fn private_url(&self) -> Option<String> {
        let postgres = self.postgres.as_ref()?;
        Some(postgres.tcp_url(OWNER, DATABASE).unwrap_or_else(|| postgres.url(OWNER, DATABASE)))
    }

    /// Lets go: the last program stops the private PostgreSQL.
    pub async fn close(self) -> anyhow::Result<()> {
        self.supervisor.cancel();
        // Before the server goes, so that it need not cut connections off.
        self.platform.database.close();
        let Some(mut postgres) = self.postgres else { return Ok(()) };
        // The supervisor gives its share back once it has seen the cancellation.
        loop {
            match Arc::try_unwrap(postgres) {
                Ok(postgres) => return Ok(postgres.close().await?),
                Err(shared) => postgres = shared,
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn pool_size(workers: u16, pooler: Pooler) -> usize {
    let most = if pooler == Pooler::Session { POOL_BEHIND_SESSION_POOLER } else { POOL_MOST };
    (POOL + usize::from(workers) * 2).min(most)
}

/// A migrator for an instance, and what must live as long as it works.
pub async fn migrator(place: &Place) -> anyhow::Result<(Migrator, Option<Postgres>)> {
    if let Some(shared) = shared(place)? {
        return Ok((Migrator::connect_to(shared.for_migrations()).await?, None));
    }
    let data_dir = data_dir(place)?;
    let wish = Wish { program: "colophon migrate", ..Wish::default() };
    let postgres = open_private(place, &data_dir, &wish).await?;
    prepare_private(&postgres).await?;
    Ok((Migrator::connect(&postgres.url(OWNER, DATABASE)).await?, Some(postgres)))
}

/// The secret and the owner of a private instance, without starting anything.
pub fn identity(place: &Place) -> anyhow::Result<(Verifier, UserId)> {
    let data_dir = data_dir(place)?;
    std::fs::create_dir_all(&data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    Ok((Verifier::new(&secrets::token_secret(&data_dir)?), secrets::owner(&data_dir)?))
}

fn data_dir(place: &Place) -> anyhow::Result<PathBuf> {
    let folder = match &place.data_dir {
        Some(folder) => folder.clone(),
        None => etcetera::base_strategy::choose_native_strategy()
            .map(|platform| platform.data_dir().join("colophon"))
            .map_err(|_| Usage("there is no home folder to keep data in; say --data-dir FOLDER".into()))?,
    };
    std::path::absolute(&folder).with_context(|| format!("cannot find {}", folder.display()))
}

fn store(place: &Place, data_dir: &std::path::Path) -> anyhow::Result<Store> {
    let folder = match place.storage_url.as_deref() {
        None => data_dir.join("objects"),
        Some(url) => match url.strip_prefix("file://") {
            Some(path) if path.starts_with('/') => PathBuf::from(path),
            _ => {
                return Err(Usage(
                    "--storage-url: this version stores in folders only; say file:///folder".into(),
                )
                .into());
            }
        },
    };
    Ok(Store::folder(&folder)?)
}

/// On Linux the running program itself, even where its file was replaced meanwhile by another version.
fn this_program() -> anyhow::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("cannot find this program's own file")
}

async fn open_private(place: &Place, data_dir: &std::path::Path, wish: &Wish) -> anyhow::Result<Postgres> {
    let mut settings = Settings::new(data_dir, wish.program);
    settings.postgres_dir.clone_from(&place.postgres_dir);
    settings.listen = wish.database_listen;
    settings.progress = progress();
    Ok(Postgres::open(settings).await?)
}

/// A bar for a download; other steps are logged.
fn progress() -> OnProgress {
    let bar = std::sync::OnceLock::new();
    OnProgress::new(move |step| match step {
        Progress::Downloading { url, received, total } => {
            let bar: &ProgressBar = bar.get_or_init(|| {
                let style = "downloading PostgreSQL {wide_bar} {bytes}/{total_bytes} {eta}";
                let bar = ProgressBar::new(total.unwrap_or(0));
                bar.set_style(
                    ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
                tracing::info!(url, "no PostgreSQL is installed; downloading one");
                bar
            });
            bar.set_position(*received);
        }
        Progress::Unpacking => {
            if let Some(bar) = bar.get() {
                bar.finish_and_clear();
            }
        }
        other => tracing::debug!(step = ?other, "private PostgreSQL"),
    })
}

async fn migrate_private(postgres: &Postgres) -> anyhow::Result<()> {
    // Nearly every start finds everything in order, and needs one connection to see it.
    if let Ok(migrator) = Migrator::connect(&postgres.url(OWNER, DATABASE)).await {
        match migrator.standing().await? {
            Standing::Current => return Ok(()),
            Standing::Ahead(version) => return Err(colophon_migrate::Error::Newer { version }.into()),
            Standing::Behind(_) => {}
        }
    }
    prepare_private(postgres).await?;
    let migrator = Migrator::connect(&postgres.url(OWNER, DATABASE)).await?;
    let log = |applied: &colophon_migrate::Applied| {
        tracing::info!(version = applied.migration.version, name = applied.migration.name, "migrated");
    };
    migrator.up(log).await?;
    Ok(())
}

async fn prepare_private(postgres: &Postgres) -> anyhow::Result<()> {
    colophon_migrate::prepare_plain_server(&postgres.url(SUPERUSER, "postgres"), DATABASE).await?;
    colophon_migrate::prepare_plain_database(&postgres.url(SUPERUSER, DATABASE)).await?;
    postgres.set_password(OWNER).await?;
    Ok(())
}

async fn check_schema(url: &ConnectionUrl) -> anyhow::Result<()> {
    match Migrator::connect_to(url).await?.standing().await? {
        Standing::Current => Ok(()),
        Standing::Behind(pending) => Err(WrongSchema(format!(
            "the database lacks {pending} migrations that this program needs; run `colophon migrate up`"
        ))
        .into()),
        Standing::Ahead(version) => Err(colophon_migrate::Error::Newer { version }.into()),
    }
}

/// Starts the private PostgreSQL again when it was killed.
async fn supervise(postgres: Arc<Postgres>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = stop.cancelled() => return,
        }
        let looked = tokio::select! {
            looked = postgres.ensure_running() => looked,
            () = stop.cancelled() => return,
        };
        match looked {
            Ok(false) => {}
            Ok(true) => tracing::warn!("the private PostgreSQL was gone and has been started again"),
            Err(error) => tracing::error!(%error, "the private PostgreSQL cannot be started again"),
        }
    }
}
