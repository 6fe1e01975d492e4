//! Tesseract as a process: what is installed, and one page at a time.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{Options, Recognised, parse};

/// How much of its complaints is kept.
const COMPLAINTS: u64 = 4096;

/// How long it may take to say what is installed.
const INTRODUCTION: Duration = Duration::from_secs(20);

/// How tesseract is found and started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tesseract {
    /// Its path, or its name where it is to be looked for in the `PATH` of this program.
    pub program: PathBuf,
    /// All of the environment that it gets, such as `PATH` and `TESSDATA_PREFIX`. It is given no other: a program that
    /// reads pictures needs to know nothing of ours.
    pub environment: Vec<(OsString, OsString)>,
    /// What it may use.
    pub limits: Limits,
}

/// What one process may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time for a page. Default 2 minutes.
    pub page_time: Duration,
    /// Address space. Default 2 GiB; on systems other than Linux it is not limited.
    pub memory_bytes: u64,
    /// Bytes of the table. Default 64 MiB.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { page_time: Duration::from_mins(2), memory_bytes: 2 << 30, output_bytes: 64 << 20 }
    }
}

/// Of writing that is upright it is surer than this,
const HARDLY_SURE: f64 = 0.6;
/// and by so much surer than of the same upside down.
const MUCH_SURER: f64 = 0.2;

/// What is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its version, such as `5.3.0`.
    pub version: String,
    /// Its models, such as `eng` and `osd`.
    pub languages: Vec<String>,
}

/// A picture in shades of grey.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Dots per inch.
    pub dpi: f64,
    /// A byte each, row by row from the top; 0 is black.
    pub pixels: &'a [u8],
}

/// What is wrong with the machine. No picture can cause these.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such program.
    #[error(
        "tesseract is not here ({program}: {reason}); install it (Debian: apt install tesseract-ocr), or say where it is \
         with COLOPHON_TESSERACT",
        program = program.display()
    )]
    Missing {
        /// What was tried.
        program: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A model is not installed.
    #[error(
        "tesseract has no model for {language}; install it (Debian: apt install tesseract-ocr-{package}), or name others \
         in languages; there are {known}"
    )]
    LanguageMissing {
        /// The model.
        language: String,
        /// The package of Debian that may have it.
        package: String,
        /// Those that there are.
        known: String,
    },
    /// Talking to it failed, or the machine has nothing left to start it with.
    #[error("talking to tesseract: {0}")]
    Io(#[from] std::io::Error),
}

/// Why a picture could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PageFailure {
    /// `timed_out`, `out_of_memory`, `too_much_output` or `crashed`.
    pub code: &'static str,
    /// What happened, in words for a person.
    pub reason: String,
}

impl Tesseract {
    /// A program that gets nothing of an environment, with the usual limits.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), environment: Vec::new(), limits: Limits::default() }
    }

    /// What is installed.
    ///
    /// # Errors
    /// [`Error::Missing`] where it cannot be started, or does not say what it is.
    pub async fn installed(&self) -> Result<Installed, Error> {
        let said = self.ask("--version").await?;
        let version = said.lines().next().and_then(|line| line.strip_prefix("tesseract "));
        let version = version.ok_or_else(|| self.missing("it does not say its version"))?.trim();
        let version = version.strip_prefix('v').unwrap_or(version).to_owned();
        let languages = self.ask("--list-langs").await?;
        // The first line is a heading.
        let languages = languages.lines().skip(1).map(|line| line.trim().to_owned());
        Ok(Installed { version, languages: languages.filter(|line| !line.is_empty()).collect() })
    }

    async fn ask(&self, argument: &str) -> Result<String, Error> {
        let asked = self.command().arg(argument).stdin(Stdio::null()).output();
        let answer = timeout(INTRODUCTION, asked).await.map_err(|_| self.missing("it does not answer"))?;
        let answer = answer.map_err(|error| self.not_started(error))?;
        if !answer.status.success() {
            return Err(self.missing(&format!("{argument} ended with {}", answer.status)));
        }
        // Older ones answer on standard error.
        let said = if answer.stdout.is_empty() { answer.stderr } else { answer.stdout };
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    fn missing(&self, reason: &str) -> Error {
        Error::Missing { program: self.program.clone(), reason: reason.to_owned() }
    }

    /// It is not there, or the machine is short of processes, files or memory just now.
    fn not_started(&self, error: std::io::Error) -> Error {
        match Errno::from_io_error(&error) {
            Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) => Error::Io(error),
            _ => self.missing(&error.to_string()),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // More threads than one make a page slower, not faster, where several are read beside each other.
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .env("OMP_THREAD_LIMIT", "1")
            .kill_on_drop(true);
        command
    }

    /// Reads a picture. Dropped before it is done, the process ends.
    ///
    /// Tesseract finds out by itself by how many quarters a page is turned, but of a short page upside down it is often
    /// not sure enough. So where it is hardly sure of what it read, the page is turned over and read again, and what it is
    /// much surer of holds. Whoever names a page segmentation mode gets it once.
    ///
    /// # Errors
    /// [`Error::Missing`] where it cannot be started; what the picture does to it is the inner error.
    pub async fn recognise(
        &self,
        picture: Picture<'_>,
        options: &Options,
        installed: &Installed,
    ) -> Result<Result<Recognised, PageFailure>, Error> {
        let upright = match self.recognise_once(picture, options, installed).await? {
            Ok(read) => read,
            Err(failure) => return Ok(Err(failure)),
        };
        let sure = upright.confidence().is_none_or(|confidence| confidence >= HARDLY_SURE);
        if sure || options.page_segmentation_mode.is_some() {
            return Ok(Ok(upright));
        }
        let pixels: Vec<u8> = picture.pixels.iter().rev().copied().collect();
        let turned = self.recognise_once(Picture { pixels: &pixels, ..picture }, options, installed).await?;
        Ok(Ok(match turned {
            Ok(turned) if turned.confidence() > upright.confidence().map(|sure| sure + MUCH_SURER) => {
                turned.turned_over(picture.width, picture.height)
            }
            _ => upright,
        }))
    }

    async fn recognise_once(
        &self,
        picture: Picture<'_>,
        options: &Options,
        installed: &Installed,
    ) -> Result<Result<Recognised, PageFailure>, Error> {
        let orientation = installed.languages.iter().any(|language| language == "osd");
        let mode = options.page_segmentation_mode.unwrap_or(if orientation { 1 } else { 3 });
        let mut process = self
            .command()
            .args([
                "-",
                "-",
                "--dpi",
                &format!("{:.0}", picture.dpi.max(1.0)),
                "--psm",
                &mode.to_string(),
                "-l",
            ])
            .arg(options.language_argument())
            // Rather than the configuration `tsv`, which is a file that may be missing beside other models.
            .args(["-c", "tessedit_create_tsv=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(error))?;
        limit(&process, &self.limits);
        let started = Instant::now();
        let read = timeout(self.limits.page_time, converse(&mut process, picture, self.limits.output_bytes));
        let Ok(read) = read.await else {
            process.kill().await?;
            let seconds = self.limits.page_time.as_secs();
            return Ok(Err(failed(
                "timed_out",
                format!("tesseract took longer than {seconds} s for the page"),
            )));
        };
        let Said { table, complaints, whole } = read?;
        if !whole {
            process.kill().await?;
            let most = self.limits.output_bytes >> 20;
            return Ok(Err(failed(
                "too_much_output",
                format!("tesseract says more than {most} MiB of the page"),
            )));
        }
        let rest = self.limits.page_time.saturating_sub(started.elapsed()).max(Duration::from_secs(1));
        let Ok(status) = timeout(rest, process.wait()).await else {
            process.kill().await?;
            return Ok(Err(failed("timed_out", "tesseract did not end after the page".into())));
        };
        let status = status?;
        if !status.success() {
            return Ok(Err(self.why(status, &complaints)));
        }
        let read = parse(&table, picture.width, picture.height);
        Ok(read.ok_or_else(|| failed("crashed", "what tesseract answered is no table".into())))
    }

    fn why(&self, status: ExitStatus, complaints: &str) -> PageFailure {
        use std::os::unix::process::ExitStatusExt as _;
        let signal = status.signal().and_then(Signal::from_named_raw);
        let said = complaints.lines().find(|line| !line.trim().is_empty() && !line.starts_with("Estimating"));
        let said = said.map(|line| format!(": {line}")).unwrap_or_default();
        if complaints.contains("bad_alloc") || complaints.contains("memory") {
            let most = self.limits.memory_bytes >> 20;
            failed("out_of_memory", format!("tesseract needs more than {most} MiB of memory for the page"))
        } else if matches!(signal, Some(Signal::XCPU | Signal::KILL)) {
            failed("timed_out", format!("tesseract was stopped over the page ({status})"))
        } else {
            failed("crashed", format!("tesseract broke off over the page ({status}){said}"))
        }
    }
}

impl Installed {
    /// Whether all of these models are there.
    ///
    /// # Errors
    /// [`Error::LanguageMissing`] names the first that is not.
    pub fn require(&self, options: &Options) -> Result<(), Error> {
        match options.languages.iter().find(|wanted| !self.languages.contains(wanted)) {
            None => Ok(()),
            Some(language) => Err(Error::LanguageMissing {
                language: language.clone(),
                package: language.to_ascii_lowercase().replace(['_', '/'], "-"),
                known: self.languages.join(", "),
            }),
        }
    }
}

fn failed(code: &'static str, reason: String) -> PageFailure {
    PageFailure { code, reason }
}

/// Where this fails the clock remains.
#[cfg(target_os = "linux")]
fn limit(process: &Child, limits: &Limits) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else { return };
    let set = |resource, most: u64| {
        prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: Some(most) })
    };
    let _ = set(Resource::As, limits.memory_bytes);
    // For the case that this program is killed and nobody watches the clock any more.
    let _ = set(Resource::Cpu, limits.page_time.as_secs() + 1);
    let _ = set(Resource::Core, 0);
}

#[cfg(not(target_os = "linux"))]
fn limit(_process: &Child, _limits: &Limits) {}

struct Said {
    table: String,
    complaints: String,
    /// Whether that is all that it said.
    whole: bool,
}

/// Gives it the picture while it listens, and hears what it says. It may stop listening before the end: its status tells
/// why.
async fn converse(process: &mut Child, picture: Picture<'_>, most: u64) -> std::io::Result<Said> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(std::io::Error::other("the pipes of tesseract are missing"));
    };
    let give = async move {
        let head = format!("P5\n{} {}\n255\n", picture.width, picture.height);
        let _ = stdin.write_all(head.as_bytes()).await;
        let _ = stdin.write_all(picture.pixels).await;
        let _ = stdin.shutdown().await;
    };
    let ((), table, complaints) =
        tokio::join!(give, kept(stdout, most + 1, false), kept(stderr, COMPLAINTS, true));
    let (table, complaints) = (table?, complaints?);
    Ok(Said {
        whole: table.len() as u64 <= most,
        table: String::from_utf8_lossy(&table).into_owned(),
        complaints: String::from_utf8_lossy(&complaints).into_owned(),
    })
}

/// The first bytes of what is said; the rest is dropped, so that nobody waits for a reader, or not listened to.
async fn kept(mut from: impl AsyncRead + Unpin, most: u64, to_the_end: bool) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    (&mut from).take(most).read_to_end(&mut kept).await?;
    if to_the_end {
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}
