//! From what was typed to what is running: the database, the store, the secrets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use colophon_blobs::Store;
use colophon_db::{Config, Database};
use colophon_domain::UserId;
use colophon_embedded::{OnProgress, Postgres, Progress, Settings};
use colophon_http::auth::{Issuer, Jwks, Keys, Verifier};
use colophon_migrate::{Migrator, Standing};
use colophon_service::{DEFAULT_UPLOAD_LIMIT, Platform};
use etcetera::BaseStrategy as _;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::args::Place;
use crate::failure::{Usage, WrongSchema};
use crate::secrets;

/// The private instance's database, its bootstrap superuser, the owner of its tables, and the role that logs in.
const DATABASE: &str = "colophon";
const SUPERUSER: &str = "supabase_admin";
const OWNER: &str = "postgres";
const LOGIN: &str = "authenticator";

/// Connections kept for requests, besides one for each worker.
const POOL: usize = 16;
/// The private PostgreSQL takes 100 connections, and other programs want some too.
const POOL_MOST: usize = 64;

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
        let (url, postgres) = if let Some(url) = shared_url(place)? {
            check_schema(&url).await?;
            (url, None)
        } else {
            let postgres = open_private(place, &data_dir, &wish).await?;
            migrate_private(&postgres).await?;
            (postgres.url(LOGIN, DATABASE), Some(Arc::new(postgres)))
        };
        let database = Database::new(Config {
            url,
            pool_size: (POOL + usize::from(wish.workers) * 2).min(POOL_MOST),
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
        let keys = match &self.postgres {
            Some(_) => Keys::private(secrets::token_secret(&self.data_dir)?),
            None => shared_keys()?,
        };
        Ok(Verifier::new(keys)?)
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

/// A migrator for an instance, and what must live as long as it works.
pub async fn migrator(place: &Place) -> anyhow::Result<(Migrator, Option<Postgres>)> {
    if let Some(url) = shared_url(place)? {
        return Ok((Migrator::connect(&direct_url(&url)).await?, None));
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
    Ok((Verifier::new(Keys::private(secrets::token_secret(&data_dir)?))?, secrets::owner(&data_dir)?))
}

/// What the tokens of a shared database are verified with, as the environment says.
fn shared_keys() -> anyhow::Result<Keys> {
    let set = |name| std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|v| !v.is_empty());
    let mut keys = set("SUPABASE_URL").map_or_else(|| Ok(Keys::default()), |url| Keys::project(&url))?;
    keys.secret = set("SUPABASE_JWT_SECRET").map(String::into_bytes);
    if let Some(source) = set("SUPABASE_JWKS") {
        keys.jwks = Some(Jwks::new(source.as_str().into()));
    }
    // A project behind an address of its own may sign with another name than that address.
    if let Some(issuer) = set("SUPABASE_JWT_ISSUER") {
        keys.issuer = Issuer::Project(issuer);
    }
    keys.secret_key = set("SUPABASE_SECRET_KEY").or_else(|| set("SUPABASE_SERVICE_ROLE_KEY"));
    if keys.secret.is_none() && keys.jwks.is_none() {
        let problem = "a shared database needs to know whose tokens it lets in: set SUPABASE_URL (or SUPABASE_JWKS, \
                       the address or file of the project's public keys), or SUPABASE_JWT_SECRET";
        return Err(Usage(problem.into()).into());
    }
    Ok(keys)
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

/// A URL that cannot be read is a mistake of usage, and told before anything is tried.
fn shared_url(place: &Place) -> anyhow::Result<Option<String>> {
    let url = place.database_url.clone().or_else(|| std::env::var("DATABASE_URL").ok());
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
    Database::new(Config { url: url.clone(), pool_size: 1, application_name: "colophon".to_owned() })?;
    Ok(Some(url))
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

async fn check_schema(url: &str) -> anyhow::Result<()> {
    match Migrator::connect(&direct_url(url)).await?.standing().await? {
        Standing::Current => Ok(()),
        Standing::Behind(pending) => Err(WrongSchema(format!(
            "the database lacks {pending} migrations that this program needs; run `colophon migrate up`"
        ))
        .into()),
        Standing::Ahead(version) => Err(colophon_migrate::Error::Newer { version }.into()),
    }
}

/// The session connection for migrations, where the shared URL is of a pooler.
fn direct_url(url: &str) -> String {
    let direct = std::env::var("COLOPHON_DIRECT_URL").ok().filter(|url| !url.is_empty());
    direct.unwrap_or_else(|| url.to_owned())
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
