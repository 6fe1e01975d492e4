//! From what was typed to what is running: the database, the store, the secrets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use colophon_db::{ConnectionUrl, Database, Pooler};
use colophon_domain::UserId;
use colophon_embedded::{OnProgress, Postgres, Progress, Settings};
use colophon_http::auth::{Issuer, Jwks, Keys, Verifier};
use colophon_migrate::{Migrator, Standing};
use colophon_service::signed_urls::Signer;
use colophon_service::{MetadataSchemas, Platform};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{self, Config, Secret, Supabase};
use crate::failure::{Usage, WrongSchema};
use crate::secrets;
use crate::storage;

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

/// So long a program that ends waits for objects that are being given up.
const CLEANUP: Duration = Duration::from_secs(5);

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
    pub async fn open(config: &Config, wish: Wish) -> anyhow::Result<Self> {
        let store = storage::open(config)?;
        let owner = secrets::owner(&config.data_dir)?;
        let (url, pooler, postgres) = if let Some(url) = &config.database.url {
            check_schema(config.database.for_migrations().unwrap_or(url)).await?;
            (url.clone(), pooler(config, url, wish.program).await?, None)
        } else {
            let postgres = open_private(config, &wish).await?;
            migrate_private(&postgres).await?;
            (ConnectionUrl::parse(&postgres.url(LOGIN, DATABASE))?, Pooler::None, Some(Arc::new(postgres)))
        };
        let database = Database::new(colophon_db::Config {
            url,
            direct_url: config.database.direct_url.clone().filter(|_| postgres.is_none()),
            pooler,
            pool_size: pool_size(config, wish.workers, pooler),
            application_name: wish.program.to_owned(),
        })?;
        let platform = Arc::new(Platform {
            signer: Signer::new(database.clone()),
            database,
            store,
            pdf: colophon_pdf::Child { program: this_program()?, args: vec!["pdf-child".into()] },
            pdf_limits: colophon_pdf::Limits::default(),
            tesseract: config.tesseract.clone(),
            inspections: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(2, usize::from) * 2,
            )),
            metadata_schemas: MetadataSchemas::default(),
            upload_limit: config.upload_limit,
            upload_expiry: config.upload_expiry,
            turns: colophon_service::uploads::Turns::default(),
            cleanups: TaskTracker::new(),
        });
        let supervisor = CancellationToken::new();
        if let Some(postgres) = &postgres {
            tokio::spawn(supervise(Arc::clone(postgres), supervisor.clone()));
        }
        Ok(Self { platform, owner, data_dir: config.data_dir.clone(), postgres, supervisor })
    }

    /// How this instance verifies tokens.
    pub fn verifier(&self, config: &Config) -> anyhow::Result<Verifier> {
        let keys = match &self.postgres {
            Some(_) => Keys::private(secrets::token_secret(&self.data_dir)?),
            None => shared_keys(&config.supabase)?,
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
        // What is not cleaned up by then is left to the sweeper.
        self.platform.cleanups.close();
        let _ = tokio::time::timeout(CLEANUP, self.platform.cleanups.wait()).await;
        self.platform.database.announced().await;
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
pub async fn migrator(config: &Config) -> anyhow::Result<(Migrator, Option<Postgres>)> {
    if let Some(url) = config.database.for_migrations() {
        return Ok((Migrator::connect_to(url).await?, None));
    }
    let wish = Wish { program: "colophon migrate", ..Wish::default() };
    let postgres = open_private(config, &wish).await?;
    prepare_private(&postgres).await?;
    Ok((Migrator::connect(&postgres.url(OWNER, DATABASE)).await?, Some(postgres)))
}

/// A private instance as `doctor` looks at it: open, whatever became of its migrations.
pub struct ForDoctor {
    pub postgres: Postgres,
    /// For the role that programs log in with.
    pub login_url: String,
    /// For the owner of the tables.
    pub owner_url: String,
    /// What bringing it up to date came to.
    pub migrated: anyhow::Result<()>,
}

/// Opens the private instance for `doctor`.
pub async fn open_for_doctor(config: &Config, program: &'static str) -> anyhow::Result<ForDoctor> {
    let postgres = open_private(config, &Wish { program, ..Wish::default() }).await?;
    let migrated = migrate_private(&postgres).await;
    let (login_url, owner_url) = (postgres.url(LOGIN, DATABASE), postgres.url(OWNER, DATABASE));
    Ok(ForDoctor { postgres, login_url, owner_url, migrated })
}

/// What tokens are made with, and the instance's owner, without starting anything. On a shared database whoever has its
/// secret makes them; a project signs with keys that nobody else has, and would not take ours.
pub fn identity(config: &Config) -> anyhow::Result<(Verifier, UserId)> {
    let data_dir = &config.data_dir;
    std::fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let keys = match (&config.database.url, &config.supabase) {
        (None, _) => Keys::private(secrets::token_secret(data_dir)?),
        (Some(_), supabase @ Supabase { url: None, jwt_secret: Some(_), .. }) => shared_keys(supabase)?,
        (Some(_), _) => {
            let told = "tokens of a shared database are made by its platform (sign in there); only where \
                SUPABASE_JWT_SECRET is all that they are verified with, this program can make them too";
            return Err(Usage(told.into()).into());
        }
    };
    Ok((Verifier::new(keys)?, secrets::owner(data_dir)?))
}

/// What the tokens of a shared database are verified with.
pub fn shared_keys(supabase: &Supabase) -> anyhow::Result<Keys> {
    let text = |secret: &Secret| secret.expose().to_owned();
    let mut keys = supabase.url.as_ref().map_or_else(|| Ok(Keys::default()), |url| Keys::project(url))?;
    keys.secret = supabase.jwt_secret.as_ref().map(text).map(String::into_bytes);
    if let Some(source) = &supabase.jwks {
        keys.jwks = Some(Jwks::new(source.clone()));
    }
    // A project behind an address of its own may sign with another name than that address.
    if let Some(issuer) = &supabase.jwt_issuer {
        keys.issuer = Issuer::Project(issuer.clone());
    }
    keys.secret_key = supabase.secret_key.as_ref().map(text);
    Ok(keys)
}

/// On Linux the running program itself, even where its file was replaced meanwhile by another version.
fn this_program() -> anyhow::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("cannot find this program's own file")
}

async fn open_private(config: &Config, wish: &Wish) -> anyhow::Result<Postgres> {
    let mut settings = Settings::new(&config.data_dir, wish.program);
    settings.postgres_dir.clone_from(&config.postgres_dir);
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

/// Connections of a program with so many workers.
pub fn pool_size(config: &Config, workers: u16, pooler: Pooler) -> usize {
    let most = if pooler == Pooler::Session { POOL_BEHIND_SESSION_POOLER } else { POOL_MOST };
    let by_default = (POOL + usize::from(workers) * 2).min(most);
    config.database.pool_size.unwrap_or(by_default)
}

/// What stands before a shared database: what was said, else what the URL tells, else what two connections find out.
pub async fn pooler(config: &Config, url: &ConnectionUrl, program: &str) -> anyhow::Result<Pooler> {
    Ok(match config.database.pooler {
        config::Pooler::Auto => url.connector(program)?.pooler().await?,
        config::Pooler::None => Pooler::None,
        config::Pooler::Session => Pooler::Session,
        config::Pooler::Transaction => Pooler::Transaction,
    })
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
