//! Fetching PostgreSQL's binaries when none are installed: the releases of theseus-rs/postgresql-binaries, or a mirror
//! of them. The release's own SHA-256 is checked before anything is unpacked; a failure leaves nothing behind.

use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use crate::{
    account::Account,
    binaries::Binaries,
    error::{At as _, Error},
    folder::{self, Folder},
    settings::{Progress, Settings},
};

const RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries/releases/download";
/// Per major: the newest release known when this was written. 17 is what Supabase runs by default.
const VERSIONS: [(u16, &str); 4] = [(17, "17.10.0"), (15, "15.18.0"), (16, "16.14.0"), (18, "18.4.0")];
/// What root fetches has to be reachable for the server's user, which a folder in root's home is not.
const SHARED: &str = "/var/lib/colophon/postgresql";
const UNFINISHED: &str = ".unfinished-";
const LARGEST: u64 = 1 << 30;
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The folders of binaries that were downloaded before.
pub(crate) fn present(data: &Folder, settings: &Settings, account: &Account) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place(data, settings, account)) else { return Vec::new() };
    let finished = |path: &PathBuf| !folder::name(path).starts_with('.');
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(finished);
    folders.map(|path| path.join("bin")).filter(|bin| bin.is_dir()).collect()
}

/// Downloads, checks and unpacks the binaries for a major version, or the default one.
pub(crate) async fn fetch(
    data: &Folder,
    major: Option<u16>,
    settings: &Settings,
    account: &Account,
) -> Result<Binaries, Error> {
    let release = Release::choose(major, settings)?;
    let place = place(data, settings, account);
    let (progress, account) = (settings.progress.clone(), account.clone());
    let work = move || release.install(&place, major, &account, &|step| progress.tell(step));
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// One archive of one release.
struct Release {
    version: &'static str,
    url: String,
}

impl Release {
    fn choose(major: Option<u16>, settings: &Settings) -> Result<Self, Error> {
        let base = settings.mirror.as_deref().unwrap_or(RELEASES).trim_end_matches('/');
        let unfit = |problem: String| Error::Download { url: base.into(), problem };
        let (_, version) = VERSIONS
            .into_iter()
            .find(|(offered, _)| major.is_none_or(|major| major == *offered))
            .ok_or_else(|| {
                unfit(format!("no release of PostgreSQL {} is known", major.unwrap_or_default()))
            })?;
        let target = target().ok_or_else(|| unfit("no release is made for this kind of machine".into()))?;
        Ok(Self { version, url: format!("{base}/{version}/postgresql-{version}-{target}.tar.gz") })
    }

    /// Fetches and tries the binaries beside their place, then renames them: there as a whole, or not at all.
    fn install(
        &self,
        place: &Path,
        major: Option<u16>,
        account: &Account,
        tell: &dyn Fn(&Progress),
    ) -> Result<Binaries, Error> {
        let _lock = lock(place)?;
        let home = place.join(self.version);
        if !home.exists() {
            let new = place.join(format!("{UNFINISHED}{}", folder::random_hex(4)?));
            let fetched = self.fetch_into(&new, tell).and_then(|unpacked| {
                self.run(&unpacked, major, account)?;
                fs::rename(&unpacked, &home).at("put the downloaded PostgreSQL at", &home)
            });
            let _ = fs::remove_dir_all(&new);
            fetched?;
        }
        self.run(&home, major, account)
    }

    fn run(&self, home: &Path, major: Option<u16>, account: &Account) -> Result<Binaries, Error> {
        let binaries = Binaries::at(&home.join("bin"), account);
        let binaries =
            binaries.map_err(|said| self.failed(format!("what it holds does not run here: {said}")))?;
        if major.is_some_and(|major| major != binaries.version.major) {
            return Err(self.failed(format!("it holds PostgreSQL {}", binaries.version)));
        }
        Ok(binaries)
    }

    /// Answers the folder, inside `new`, that holds `bin`.
    fn fetch_into(&self, new: &Path, tell: &dyn Fn(&Progress)) -> Result<PathBuf, Error> {
        folder_for_all(new)?;
        let expected = self.expected_checksum()?;
        let archive = new.join("archive.tar.gz");
        let found = self.save(&archive, tell)?;
        if found != expected {
            return Err(self.failed(format!("its SHA-256 is {found}, and the release says {expected}")));
        }
        tell(&Progress::Unpacking);
        let unpacked = new.join("unpacked");
        folder_for_all(&unpacked)?;
        let mut tar =
            tar::Archive::new(flate2::read::GzDecoder::new(File::open(&archive).at("open", &archive)?));
        tar.set_preserve_permissions(true);
        tar.set_mask(0o022);
        tar.unpack(&unpacked).map_err(|error| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            self.failed(format!("it cannot be unpacked into {}: {error}{cause}", unpacked.display()))
        })?;
        let mut inside =
            fs::read_dir(&unpacked).at("list", &unpacked)?.filter_map(|entry| Some(entry.ok()?.path()));
        let with_bin = |path: &PathBuf| path.join("bin").is_dir();
        let home = Some(unpacked.clone()).filter(with_bin).or_else(|| inside.find(with_bin));
        home.ok_or_else(|| self.failed("the archive holds no folder bin".into()))
    }

    fn expected_checksum(&self) -> Result<String, Error> {
        let (mut reader, _) = self.get(&format!("{}.sha256", self.url))?;
        let mut text = String::new();
        reader
            .by_ref()
            .take(4096)
            .read_to_string(&mut text)
            .map_err(|error| self.failed(error.to_string()))?;
        let sum = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(sum);
        }
        Err(self.failed("its .sha256 holds no checksum".into()))
    }

    /// Writes the archive to a file; answers its checksum.
    fn save(&self, path: &Path, tell: &dyn Fn(&Progress)) -> Result<String, Error> {
        let (mut reader, total) = self.get(&self.url)?;
        let mut file = File::create_new(path).at("make", path)?;
        let (mut hasher, mut received, mut told) = (Sha256::new(), 0, None::<Instant>);
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => {
                    return Err(self.failed(format!("the connection broke after {received} bytes: {error}")));
                }
            };
            hasher.update(&buffer[..count]);
            file.write_all(&buffer[..count]).at("write", path)?;
            received += count as u64;
            if told.is_none_or(|told| told.elapsed() > TELL_EVERY) {
                tell(&Progress::Downloading { url: self.url.clone(), received, total });
                told = Some(Instant::now());
            }
        }
        if let Some(total) = total.filter(|total| *total != received) {
            return Err(self.failed(format!("the connection broke after {received} of {total} bytes")));
        }
        tell(&Progress::Downloading { url: self.url.clone(), received, total });
        Ok(folder::hex(&hasher.finalize()))
    }

    fn get(&self, url: &str) -> Result<(impl Read + use<>, Option<u64>), Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .user_agent(concat!("colophon/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .timeout_recv_body(Some(Duration::from_mins(10)))
            .build()
            .into();
        let response = agent.get(url).call().map_err(|error| match error {
            ureq::Error::StatusCode(status) => self.failed(format!("{url} answers {status}")),
            other => self.failed(other.to_string()),
        })?;
        let body = response.into_body();
        let total = body.content_length();
        Ok((body.into_reader().take(LARGEST), total))
    }

    fn failed(&self, problem: String) -> Error {
        Error::Download { url: self.url.clone(), problem }
    }
}

/// The Rust name of this machine; of the C library that it has, not of the one this program was built with.
fn target() -> Option<String> {
    let arch = std::env::consts::ARCH;
    if !matches!(arch, "x86_64" | "aarch64") {
        return None;
    }
    match std::env::consts::OS {
        "linux" if Path::new(&format!("/lib/ld-musl-{arch}.so.1")).exists() => {
            Some(format!("{arch}-unknown-linux-musl"))
        }
        "linux" => Some(format!("{arch}-unknown-linux-gnu")),
        "macos" => Some(format!("{arch}-apple-darwin")),
        _ => None,
    }
}

fn place(data: &Folder, settings: &Settings, account: &Account) -> PathBuf {
    match &settings.download_dir {
        Some(place) => place.clone(),
        None if account.is_lent() => SHARED.into(),
        None => data.binaries(),
    }
}

/// One fetch at a time in one place, and none before the remains of a killed one are gone.
fn lock(place: &Path) -> Result<File, Error> {
    folder_for_all(place)?;
    let path = place.join(".lock");
    let file = File::create(&path).at("make", &path)?;
    file.lock().at("lock", &path)?;
    for entry in fs::read_dir(place).at("list", place)?.filter_map(Result::ok) {
        if folder::name(&entry.path()).starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path()).at("remove", &entry.path())?;
        }
    }
    Ok(file)
}

/// The server's user has to come in, whatever root's umask is.
fn folder_for_all(path: &Path) -> Result<(), Error> {
    let missing: Vec<&Path> = path.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    for path in missing.into_iter().rev() {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made.at("make", path)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).at("set the mode of", path)?;
            }
        }
    }
    Ok(())
}
