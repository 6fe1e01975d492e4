//! The configuration: read once, at the start, from flags, environment, file and defaults, in this order of strength.
//!
//! **Architecture invariant:** nothing else in this program reads the environment, and no library does. Everything is
//! checked before anything is started, and all that is wrong is told at once.

mod checks;
mod file;
mod keys;
mod show;
mod sources;
mod storage;
mod values;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use colophon_connection::ConnectionUrl;
use colophon_http::auth::JwksSource;
use colophon_ocr::Tesseract;
use etcetera::BaseStrategy as _;

pub use keys::{FILE, INSTANCE, KEYS, Key, SERVE, Secrecy, WORK};
pub use show::{default_file, print, print_json, sslmode_name};
pub use sources::Origin;
use sources::{Raw, Sources};
pub use storage::{Identity, StorageUrl};
pub use values::{Pooler, Secret, duration, parse_size};
use values::{Refusal, address, number, path};

/// All that tesseract gets of the environment.
const TESSERACT_NEEDS: [&str; 6] = ["PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "TESSDATA_PREFIX"];

/// Values given on the command line, by the name of their key.
pub type Given = Vec<(&'static str, OsString)>;

/// What the configuration is read for: what one command needs, another does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An API, with or without workers.
    Serve,
    /// Workers alone.
    Worker,
    /// Files that go in, and workers for them.
    Import,
    /// A look at what the others would do.
    Inspect,
    /// Anything else.
    Other,
}

/// The configuration in force.
#[derive(Debug)]
pub struct Config {
    pub data_dir: PathBuf,
    pub postgres_dir: Option<PathBuf>,
    /// How the OCR is started.
    pub tesseract: Tesseract,
    pub listen: SocketAddr,
    /// Where others reach the API, where that was said.
    pub public_url: Option<String>,
    pub workers: u16,
    pub upload_limit: u64,
    pub upload_expiry: Duration,
    /// How often this program sweeps; `None`: never.
    pub sweep_interval: Option<Duration>,
    /// A filter, where one was given.
    pub log: Option<String>,
    pub database: Database,
    pub storage: Storage,
    /// How long an object stays after its last row.
    pub release_grace: Duration,
    /// How long a document stays in the trash; `None`: until somebody purges it.
    pub trash_retention: Option<Duration>,
    /// How long a job stays after it ended; `None`: as long as its document.
    pub job_retention: Option<Duration>,
    pub metrics: Metrics,
    pub traces: Traces,
    pub supabase: Supabase,
    /// What was read from where, in the order of the keys.
    pub settings: Vec<Setting>,
    /// What is allowed and probably not meant.
    pub warnings: Vec<String>,
}

/// `[database]`
#[derive(Debug, Default)]
pub struct Database {
    /// A shared database; none for the private one.
    pub url: Option<ConnectionUrl>,
    pub direct_url: Option<ConnectionUrl>,
    pub pooler: Pooler,
    pub pool_size: Option<usize>,
    pub listen: Option<SocketAddr>,
}

/// `[storage]`
#[derive(Debug, Default)]
pub struct Storage {
    /// None for the folder in the data folder.
    pub url: Option<StorageUrl>,
    pub region: Option<String>,
    pub access_key_id: Option<Secret>,
    pub secret_access_key: Option<Secret>,
    pub session_token: Option<Secret>,
    pub identity: Identity,
}

/// `[metrics]`
#[derive(Debug, Default)]
pub struct Metrics {
    pub listen: Option<SocketAddr>,
    pub token: Option<Secret>,
}

/// `[traces]`
#[derive(Debug, Default)]
pub struct Traces {
    /// None: nothing is sent.
    pub endpoint: Option<String>,
    pub headers: colophon_traces::Headers,
    pub service_name: String,
    pub sample: f64,
}

/// `[supabase]`
#[derive(Debug, Default)]
pub struct Supabase {
    pub url: Option<String>,
    pub secret_key: Option<Secret>,
    pub publishable_key: Option<Secret>,
    pub jwt_secret: Option<Secret>,
    pub jwks: Option<JwksSource>,
    pub jwt_issuer: Option<String>,
}

/// A key as it is shown: what holds and who said it.
#[derive(Debug)]
pub struct Setting {
    pub key: &'static Key,
    /// Without its secrets; `None` where nobody said anything and there is no value by default.
    pub shown: Option<String>,
    pub origin: Origin,
}

/// Something wrong with the configuration: what, who said it, what to do.
#[derive(Debug)]
pub struct Problem {
    key: String,
    what: String,
    origin: Option<Origin>,
    remedy: String,
}

impl Problem {
    fn new(key: &Key, what: impl Into<String>, origin: &Origin, remedy: impl Into<String>) -> Self {
        Self { origin: Some(origin.clone()), ..Self::about(key.name, what, remedy) }
    }

    fn about(key: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key: key.to_owned(), what: what.into(), origin: None, remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.what)?;
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        write!(f, "; {}", self.remedy)
    }
}

impl Database {
    /// A session for migrations: the way past a pooler, where one is known. `None` for the private database.
    pub fn for_migrations(&self) -> Option<&ConnectionUrl> {
        self.url.as_ref().map(|url| self.direct_url.as_ref().unwrap_or(url))
    }
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn load(given: Given, purpose: Purpose) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(|problems| Sources::read(given, problems));
        let mut config = Self::read(&mut reader);
        checks::check(&config, purpose, &mut reader.problems);
        config.warnings = checks::warnings(&config, purpose, &reader.sources);
        if reader.problems.is_empty() { Ok(config) } else { Err(reader.problems) }
    }

    /// What could not be read is left at any value: with a problem told, nobody gets to see it.
    fn read(reader: &mut Reader) -> Self {
        let data_dir = reader.take(&keys::DATA_DIR, path).or_else(|| reader.platform_data_dir());
        let config = Self {
            data_dir: data_dir.unwrap_or_default(),
            postgres_dir: reader.take(&keys::POSTGRES_DIR, path),
            tesseract: Tesseract {
                environment: reader.sources.environment_of(&TESSERACT_NEEDS),
                ..Tesseract::at(reader.take(&keys::TESSERACT, path).unwrap_or_else(|| "tesseract".into()))
            },
            listen: reader.take(&keys::LISTEN, address).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
            public_url: reader.take(&keys::PUBLIC_URL, values::web_url),
            workers: reader.take(&keys::WORKERS, number(0..=256)).unwrap_or(1),
            upload_limit: reader.take(&keys::UPLOAD_LIMIT, values::size).unwrap_or_default(),
            upload_expiry: reader.take(&keys::UPLOAD_EXPIRY, values::time).unwrap_or_default(),
            sweep_interval: reader
                .take(&keys::SWEEP_INTERVAL, values::time_or_none)
                .filter(|time| !time.is_zero()),
            log: reader.take(&keys::LOG, values::log_filter),
            database: Database {
                url: reader.take(&keys::DATABASE_URL, values::connection),
                direct_url: reader.take(&keys::DIRECT_URL, values::connection),
                pooler: reader.take(&keys::POOLER, values::pooler).unwrap_or_default(),
                pool_size: reader.take(&keys::POOL_SIZE, number(1..=1_000)),
                listen: reader.take(&keys::DATABASE_LISTEN, address),
            },
            storage: Storage {
                url: reader.take(&keys::STORAGE_URL, storage::storage_url),
                region: reader.take(&keys::STORAGE_REGION, storage::region),
                access_key_id: reader.take(&keys::ACCESS_KEY_ID, values::secret),
                secret_access_key: reader.take(&keys::SECRET_ACCESS_KEY, values::secret),
                session_token: reader.take(&keys::SESSION_TOKEN, values::secret),
                identity: reader.take(&keys::STORAGE_IDENTITY, storage::identity).unwrap_or_default(),
            },
            release_grace: reader.take(&keys::RELEASE_GRACE, values::time_or_none).unwrap_or_default(),
            trash_retention: reader
                .take(&keys::TRASH_RETENTION, values::time_or_none)
                .filter(|time| !time.is_zero()),
            job_retention: reader
                .take(&keys::JOBS_RETENTION, values::time_or_none)
                .filter(|time| !time.is_zero()),
            metrics: Metrics {
                listen: reader.take(&keys::METRICS_LISTEN, address),
                token: reader.take(&keys::METRICS_TOKEN, values::metrics_token),
            },
            traces: Traces {
                endpoint: reader.take(&keys::TRACES_ENDPOINT, values::web_url),
                headers: reader.take(&keys::TRACES_HEADERS, values::headers).unwrap_or_default(),
                service_name: reader
                    .take(&keys::TRACES_SERVICE_NAME, |raw| values::text(raw).map(str::to_owned))
                    .unwrap_or_default(),
                sample: reader.take(&keys::TRACES_SAMPLE, values::share).unwrap_or_default(),
            },
            supabase: Supabase {
                url: reader.take(&keys::SUPABASE_URL, values::web_url),
                secret_key: reader.take(&keys::SECRET_KEY, values::secret_key),
                publishable_key: reader.take(&keys::PUBLISHABLE_KEY, values::publishable_key),
                jwt_secret: reader.take(&keys::JWT_SECRET, values::jwt_secret),
                jwks: reader.take(&keys::JWKS, values::jwks),
                jwt_issuer: reader.take(&keys::JWT_ISSUER, |raw| values::text(raw).map(str::to_owned)),
            },
            settings: Vec::new(),
            warnings: Vec::new(),
        };
        Self { settings: std::mem::take(&mut reader.settings), ..config }
    }

    /// When what nobody needs any more goes.
    pub fn sweep(&self) -> colophon_service::sweep::Config {
        colophon_service::sweep::Config {
            every: self.sweep_interval,
            release_grace: self.release_grace,
            trash_retention: self.trash_retention,
            job_retention: self.job_retention,
        }
    }

    /// Where spans go, if anywhere.
    pub fn traces(&self) -> Option<colophon_traces::Config> {
        let Traces { endpoint, headers, service_name, sample } = &self.traces;
        Some(colophon_traces::Config {
            endpoint: endpoint.clone()?,
            headers: headers.clone(),
            service_name: service_name.clone(),
            sample: *sample,
        })
    }

    /// Who said what holds for a key.
    fn origin(&self, key: &Key) -> &Origin {
        let setting = self.settings.iter().find(|setting| setting.key.name == key.name);
        setting.map_or(&Origin::Default, |setting| &setting.origin)
    }
}

/// Takes one value after the other, and remembers what was wrong with them.
struct Reader {
    sources: Sources,
    settings: Vec<Setting>,
    problems: Vec<Problem>,
}

impl Reader {
    fn new(sources: impl FnOnce(&mut Vec<Problem>) -> Sources) -> Self {
        let mut problems = Vec::new();
        Self { sources: sources(&mut problems), settings: Vec::with_capacity(KEYS.len()), problems }
    }

    fn take<T>(&mut self, key: &'static Key, read: impl FnOnce(&Raw) -> Result<T, Refusal>) -> Option<T> {
        let Some(raw) = self.sources.find(key) else {
            self.settings.push(Setting { key, shown: None, origin: Origin::Default });
            return None;
        };
        self.settings.push(Setting { key, shown: Some(show::shown(key, &raw)), origin: raw.origin.clone() });
        let read = if raw.value.is_empty() {
            Err(Refusal::new("is empty", "give a value, or leave it out"))
        } else {
            read(&raw)
        };
        match read {
            Ok(value) => Some(value),
            Err(Refusal { what, remedy }) => {
                let what = match key.secrecy {
                    Secrecy::Open => format!("{:?} {what}", raw.value.to_string_lossy()),
                    _ => what,
                };
                self.problems.push(Problem::new(key, what, &raw.origin, remedy));
                None
            }
        }
    }

    fn platform_data_dir(&mut self) -> Option<PathBuf> {
        let said = self.settings.last_mut().filter(|setting| setting.shown.is_none())?;
        if let Ok(platform) = etcetera::base_strategy::choose_native_strategy() {
            let folder = platform.data_dir().join("colophon");
            said.shown = Some(folder.display().to_string());
            return Some(folder);
        }
        let what = "there is no home folder to keep data in";
        self.problems.push(Problem::about(keys::DATA_DIR.name, what, "say --data-dir FOLDER"));
        None
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file::File;
    use super::keys::Fallback;
    use super::*;

    fn parsed(text: &str) -> File {
        let mut problems = Vec::new();
        let file = File::parse(Path::new("colophon.toml"), text, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        file
    }

    #[test]
    fn the_default_file_holds_every_key_and_its_default() {
        let text = default_file();
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        let file = parsed(&text);
        let without_comments = text
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        let all = parsed(&without_comments);
        for key in KEYS {
            assert!(all.get(key).is_some(), "{} is not in the file", key.name);
            let by_default = file.get(key).map(|raw| raw.value);
            match key.fallback {
                Fallback::Value(value) => assert_eq!(by_default, Some(value.into()), "{}", key.name),
                Fallback::Words(_) => assert_eq!(by_default, None, "{}", key.name),
            }
        }
    }

    #[test]
    fn every_key_is_read_once_and_defaults_are_sound() {
        let mut reader = Reader::new(|_| Sources::default());
        let config = Config::read(&mut reader);
        assert!(reader.problems.is_empty(), "{:?}", reader.problems);
        let read: Vec<_> = config.settings.iter().map(|setting| setting.key.name).collect();
        let known: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        assert_eq!(read, known);
        assert_eq!(config.upload_limit, colophon_service::DEFAULT_UPLOAD_LIMIT);
        assert_eq!(config.upload_expiry, colophon_service::uploads::DEFAULT_UPLOAD_EXPIRY);
        assert_eq!(config.sweep(), colophon_service::sweep::Config::default());
    }

    #[test]
    fn the_documentation_lists_every_key_with_its_flag_and_variables() {
        let documentation = include_str!("../../../docs/configuration.md");
        for key in KEYS.iter().copied().chain([&FILE]) {
            let flag = key.flag.map(|flag| flag.name);
            let line = documentation.lines().find(|line| line.starts_with(&format!("| `{}` |", key.name)));
            let line = line.unwrap_or_else(|| panic!("{} is missing", key.name));
            for name in flag.into_iter().chain(key.environment.iter().copied()) {
                assert!(line.contains(&format!("`{name}`")), "{name} is missing at {}", key.name);
            }
        }
    }

    #[test]
    fn sizes_have_units_and_nonsense_is_refused() {
        let size = |text: &str| {
            values::size(&Raw { value: text.into(), origin: Origin::Default }).map_err(|refusal| refusal.what)
        };
        for (text, bytes) in [("1", 1), ("50MB", 50_000_000), ("5 GiB", 5 << 30), ("2kB", 2_000)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for nonsense in ["", "0", "-1", "MB", "1.5GiB", "5 potatoes", "99999999999GiB", "9223372036854775808"]
        {
            assert!(size(nonsense).is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn times_have_units_and_nonsense_is_refused() {
        let time = |text: &str| {
            values::time(&Raw { value: text.into(), origin: Origin::Default }).map_err(|refusal| refusal.what)
        };
        for (text, seconds) in [("90s", 90), ("5 min", 300), ("24h", 86_400), ("30d", 2_592_000)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for nonsense in ["", "0h", "24", "-1h", "1.5h", "1 week", "99999999999d", "36501d"] {
            assert!(time(nonsense).is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn passwords_are_not_shown_whatever_they_hold() {
        let shown = |text: &str| {
            show::shown(&keys::DATABASE_URL, &Raw { value: text.into(), origin: Origin::Default })
        };
        for url in [
            "postgresql://u:hunter2@h:5432/d?sslmode=require",
            "postgresql://u:a@hunter2@h/d",
            "postgresql://u:hunter2/a?b#c@h/d",
            "postgresql://u:hunter2%40@h",
            "postgresql://h/d?user=u&password=hunter2",
            "host=h password=hunter2",
            "host=h password = 'hunter2 x'",
        ] {
            assert!(!shown(url).contains("hunter2"), "{url}: {}", shown(url));
        }
        let known = shown("postgresql://u:x@h:5433/d?sslmode=require");
        assert_eq!(known, "h:5433, database d, role u, sslmode require");
        assert_eq!(
            format!("{:?}", values::secret(&Raw { value: "x".into(), origin: Origin::Default }).unwrap()),
            "(set)"
        );
    }
}
