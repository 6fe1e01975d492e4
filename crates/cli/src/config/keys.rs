//! Every key of the configuration, once: its name in the file, its flag, its environment variables, its default and what
//! it means. Help, reading, the default file and the documentation's table follow from here.

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file, `table.name`.
    pub name: &'static str,
    /// Its flag, if it has one.
    pub flag: Option<Flag>,
    /// Environment variables, the strongest first.
    pub environment: &'static [&'static str],
    /// What stands for the value in help.
    pub value_name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// What holds where nobody says anything.
    pub fallback: Fallback,
    /// A value for the default file where there is no default.
    pub example: &'static str,
    /// What may be shown of it.
    pub secrecy: Secrecy,
}

/// A flag and the commands that have it.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// With its dashes.
    pub name: &'static str,
    /// One of [`INSTANCE`], [`WORK`] and [`SERVE`].
    pub group: u8,
}

/// Flags of every command: which instance.
pub const INSTANCE: u8 = 1;
/// Flags of commands that work on jobs.
pub const WORK: u8 = 2;
/// Flags of `serve` alone.
pub const SERVE: u8 = 4;

/// What holds where nobody says anything.
#[derive(Debug, Clone, Copy)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
}

impl Fallback {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Value(text) | Self::Words(text) => text,
        }
    }
}

/// What may be shown of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// All of it.
    Open,
    /// All but the password of a URL.
    Url,
    /// Of a connection string: where it leads, and who logs in.
    Connection,
    /// That there is one.
    Secret,
}

impl Key {
    const fn new(name: &'static str, environment: &'static [&'static str], value_name: &'static str) -> Self {
        let fallback = Fallback::Words("none");
        let (flag, help, example, secrecy) = (None, "", "", Secrecy::Open);
        Self { name, flag, environment, value_name, help, fallback, example, secrecy }
    }

    const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    const fn flag(self, name: &'static str, group: u8) -> Self {
        Self { flag: Some(Flag { name, group }), ..self }
    }

    const fn fallback(self, value: &'static str) -> Self {
        Self { fallback: Fallback::Value(value), ..self }
    }

    const fn otherwise(self, words: &'static str, example: &'static str) -> Self {
        Self { fallback: Fallback::Words(words), example, ..self }
    }

    const fn secrecy(self, secrecy: Secrecy) -> Self {
        Self { secrecy, ..self }
    }
}

/// The file itself. No key of the file.
pub static FILE: Key = Key::new("config", &["COLOPHON_CONFIG"], "FILE")
    .flag("--config", INSTANCE)
    .help("File with the configuration")
    .otherwise("./colophon.toml, else colophon/colophon.toml in the platform's configuration folder", "");

pub static DATA_DIR: Key = Key::new("data_dir", &["COLOPHON_DATA_DIR"], "FOLDER")
    .flag("--data-dir", INSTANCE)
    .help("Folder of the private PostgreSQL, the files and the secrets")
    .otherwise("the platform's data folder", "/var/lib/colophon");

pub static POSTGRES_DIR: Key = Key::new("postgres_dir", &["COLOPHON_POSTGRES_DIR"], "FOLDER")
    .flag("--postgres-dir", INSTANCE)
    .help("Folder with the programs `postgres` and `initdb` for the private PostgreSQL")
    .otherwise("looked for, else downloaded", "/usr/lib/postgresql/17/bin");

pub static TESSERACT: Key = Key::new("tesseract", &["COLOPHON_TESSERACT"], "PROGRAM")
    .help("The program tesseract, for the strategies ocr and auto")
    .otherwise("looked for in PATH", "/usr/bin/tesseract");

pub static LISTEN: Key = Key::new("listen", &["COLOPHON_LISTEN"], "ADDRESS")
    .flag("--listen", SERVE)
    .help("Address of the API")
    .fallback("127.0.0.1:8787");

pub static PUBLIC_URL: Key = Key::new("public_url", &["COLOPHON_PUBLIC_URL"], "URL")
    .help("Where others reach the API, for links that it gives away")
    .otherwise("by where each request was sent", "https://documents.example.org");

pub static WORKERS: Key = Key::new("workers", &["COLOPHON_WORKERS"], "NUMBER")
    .flag("--workers", WORK)
    .help("Jobs worked on at once, 0 to 256; 0 leaves the work to other programs")
    .fallback("2");

pub static UPLOAD_LIMIT: Key = Key::new("upload_limit", &["COLOPHON_UPLOAD_LIMIT"], "SIZE")
    .help("The largest file taken in: bytes, or a number with kB, MB, GB, KiB, MiB or GiB")
    .fallback("5GiB");

pub static UPLOAD_EXPIRY: Key = Key::new("upload_expiry", &["COLOPHON_UPLOAD_EXPIRY"], "TIME")
    .help("How long a resumable upload without progress is kept: a number with s, min, h or d")
    .fallback("24h");

pub static SWEEP_INTERVAL: Key = Key::new("sweep_interval", &["COLOPHON_SWEEP_INTERVAL"], "TIME")
    .help("How often what nobody needs any more is taken away (a number with s, m, h or d); 0: not by this program")
    .fallback("1m");

pub static LOG: Key = Key::new("log", &["COLOPHON_LOG"], "FILTER")
    .help("What is logged: error, warn, info, debug or trace, also by module (info,colophon_db=debug)")
    .otherwise("info for serve and worker, warn for the others", "info");

pub static DATABASE_URL: Key = Key::new("database.url", &["COLOPHON_DATABASE_URL", "DATABASE_URL"], "URL")
    .flag("--database-url", INSTANCE)
    .help("A shared database instead of the private one; its login role is authenticator or the like")
    .otherwise(
        "none: a private PostgreSQL",
        "postgresql://authenticator:PASSWORD@db.example.org:5432/postgres?sslmode=verify-full",
    )
    .secrecy(Secrecy::Connection);

pub static DIRECT_URL: Key = Key::new("database.direct_url", &["COLOPHON_DIRECT_URL"], "URL")
    .help("A session connection for migrations and wake-ups, where database.url is a pooler in transaction mode")
    .otherwise("database.url", "postgresql://postgres:PASSWORD@db.example.org:5432/postgres?sslmode=verify-full")
    .secrecy(Secrecy::Connection);

pub static POOLER: Key = Key::new("database.pooler", &["COLOPHON_POOLER"], "MODE")
    .help("What stands before the shared database: none, session, transaction, or auto to find out")
    .fallback("auto");

pub static POOL_SIZE: Key = Key::new("database.pool_size", &["COLOPHON_POOL_SIZE"], "NUMBER")
    .help("Connections of this program to the database at most, 1 to 1000")
    .otherwise("16 and two for each worker, at most 64; behind a session pooler 10", "10");

pub static DATABASE_LISTEN: Key = Key::new("database.listen", &["COLOPHON_DATABASE_LISTEN"], "ADDRESS")
    .flag("--database-listen", SERVE)
    .help("TCP address of the private PostgreSQL, besides its Unix socket")
    .otherwise("none", "127.0.0.1:5433");

pub static STORAGE_URL: Key = Key::new("storage.url", &["COLOPHON_STORAGE_URL"], "URL")
    .flag("--storage-url", INSTANCE)
    .help("Where the objects are: file:///folder, s3://bucket?endpoint=…&region=…&path_style=…, supabase://bucket")
    .otherwise("the folder objects in the data folder", "s3://documents?endpoint=https://s3.example.org")
    .secrecy(Secrecy::Url);

pub static STORAGE_REGION: Key =
    Key::new("storage.region", &["COLOPHON_STORAGE_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"], "REGION")
        .help("The region of the bucket, where the URL does not say it; of a Supabase project: its own")
        .otherwise("us-east-1", "eu-central-1");

pub static ACCESS_KEY_ID: Key = Key::new("storage.access_key_id", &["AWS_ACCESS_KEY_ID"], "KEY")
    .help("The access key of the bucket")
    .otherwise("none", "AKIA…")
    .secrecy(Secrecy::Secret);

pub static SECRET_ACCESS_KEY: Key =
    Key::new("storage.secret_access_key", &["AWS_SECRET_ACCESS_KEY"], "SECRET")
        .help("The secret of the access key")
        .otherwise("none", "…")
        .secrecy(Secrecy::Secret);

pub static SESSION_TOKEN: Key = Key::new("storage.session_token", &["AWS_SESSION_TOKEN"], "TOKEN")
    .help("The token of a session, where the access key is of one")
    .otherwise("none", "…")
    .secrecy(Secrecy::Secret);

pub static STORAGE_IDENTITY: Key = Key::new("storage.identity", &["COLOPHON_STORAGE_IDENTITY"], "WHO")
    .help("Whose rights decide in a Supabase bucket: service, or caller (the policies on storage.objects)")
    .fallback("service");

pub static RELEASE_GRACE: Key = Key::new("storage.release_grace", &["COLOPHON_RELEASE_GRACE"], "TIME")
    .help("How long an object stays after its last row; a backup copies the objects within this time after the dump")
    .fallback("1h");

pub static TRASH_RETENTION: Key = Key::new("trash.retention", &["COLOPHON_TRASH_RETENTION"], "TIME")
    .help("How long a document stays in the trash before it is purged; 0: until somebody purges it")
    .fallback("30d");

pub static JOBS_RETENTION: Key = Key::new("jobs.retention", &["COLOPHON_JOBS_RETENTION"], "TIME")
    .help("How long jobs stay after they ended, with attempts and history; 0: as long as their document")
    .fallback("0");

pub static METRICS_LISTEN: Key = Key::new("metrics.listen", &["COLOPHON_METRICS_LISTEN"], "ADDRESS")
    .help("An address of its own for /metrics, without a token: let nobody but operators reach it")
    .otherwise("none", "127.0.0.1:9787");

pub static METRICS_TOKEN: Key = Key::new("metrics.token", &["COLOPHON_METRICS_TOKEN"], "TOKEN")
    .help("What Prometheus sends as a bearer token to read /metrics of the API")
    .otherwise("none: open on this machine, else for the platform's tokens", "at least 16 characters")
    .secrecy(Secrecy::Secret);

pub static TRACES_ENDPOINT: Key = Key::new(
    "traces.endpoint",
    &["COLOPHON_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"],
    "URL",
)
.help("A collector that takes OTLP over HTTP; spans of requests, jobs and statements go to /v1/traces there")
.otherwise("none", "http://localhost:4318");

pub static TRACES_HEADERS: Key = Key::new("traces.headers", &["OTEL_EXPORTER_OTLP_HEADERS"], "HEADERS")
    .help("Sent to the collector with each batch: key=value,key=value")
    .otherwise("none", "api-key=…")
    .secrecy(Secrecy::Secret);

pub static TRACES_SERVICE_NAME: Key = Key::new("traces.service_name", &["OTEL_SERVICE_NAME"], "NAME")
    .help("What this program is called at the collector")
    .fallback("colophon");

pub static TRACES_SAMPLE: Key = Key::new(
    "traces.sample",
    &["COLOPHON_TRACES_SAMPLE", "OTEL_TRACES_SAMPLER_ARG"],
    "SHARE",
)
.help("The share of traces that begin here and are sent, 0 to 1; a caller's traceparent decides of its own")
.fallback("1");

pub static SUPABASE_URL: Key = Key::new("supabase.url", &["SUPABASE_URL"], "URL")
    .help("The Supabase project that signs the tokens; its public keys are fetched from here")
    .otherwise("none", "https://abcdefghijklmnopqrst.supabase.co");

pub static SECRET_KEY: Key =
    Key::new("supabase.secret_key", &["SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"], "KEY")
        .help("The project's secret key: whoever sends it is the platform itself")
        .otherwise("none", "sb_secret_…")
        .secrecy(Secrecy::Secret);

pub static PUBLISHABLE_KEY: Key =
    Key::new("supabase.publishable_key", &["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"], "KEY")
        .help("The project's publishable key, which browsers send beside a token")
        .otherwise("none", "sb_publishable_…")
        .secrecy(Secrecy::Secret);

pub static JWT_SECRET: Key = Key::new("supabase.jwt_secret", &["SUPABASE_JWT_SECRET"], "SECRET")
    .help("The secret of a project, or of an issuer of your own, that signs tokens with HS256")
    .otherwise("none", "at least 32 characters")
    .secrecy(Secrecy::Secret);

pub static JWKS: Key = Key::new("supabase.jwks", &["SUPABASE_JWKS"], "URL or FILE")
    .help("The public keys that tokens are verified with: a URL or a file")
    .otherwise("those of supabase.url", "/etc/colophon/jwks.json")
    .secrecy(Secrecy::Url);

pub static JWT_ISSUER: Key = Key::new("supabase.jwt_issuer", &["SUPABASE_JWT_ISSUER"], "NAME")
    .help("Who must have signed a token (its iss), where that is another name than supabase.url gives")
    .otherwise("auth/v1 of supabase.url", "https://auth.example.org/auth/v1");

/// All of them, in the order of the file: first those of no table.
pub static KEYS: [&Key; 36] = [
    &DATA_DIR,
    &POSTGRES_DIR,
    &TESSERACT,
    &LISTEN,
    &PUBLIC_URL,
    &WORKERS,
    &UPLOAD_LIMIT,
    &UPLOAD_EXPIRY,
    &SWEEP_INTERVAL,
    &LOG,
    &DATABASE_URL,
    &DIRECT_URL,
    &POOLER,
    &POOL_SIZE,
    &DATABASE_LISTEN,
    &STORAGE_URL,
    &STORAGE_REGION,
    &ACCESS_KEY_ID,
    &SECRET_ACCESS_KEY,
    &SESSION_TOKEN,
    &STORAGE_IDENTITY,
    &RELEASE_GRACE,
    &TRASH_RETENTION,
    &JOBS_RETENTION,
    &METRICS_LISTEN,
    &METRICS_TOKEN,
    &TRACES_ENDPOINT,
    &TRACES_HEADERS,
    &TRACES_SERVICE_NAME,
    &TRACES_SAMPLE,
    &SUPABASE_URL,
    &SECRET_KEY,
    &PUBLISHABLE_KEY,
    &JWT_SECRET,
    &JWKS,
    &JWT_ISSUER,
];
