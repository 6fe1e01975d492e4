//! Finding PostgreSQL's server binaries on this machine.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    account::{Account, said_by},
    error::Error,
    version::{SUPPORTED, Version},
};

/// Folders of installed servers; `*` stands for one name.
const PLACES: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// A folder with `postgres` and `initdb` that run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) bin: PathBuf,
    pub(crate) version: Version,
}

impl Binaries {
    /// Looks at one folder; the error is a line for people.
    pub(crate) fn at(bin: &Path, account: &Account) -> Result<Self, String> {
        let shown = bin.display();
        for program in ["postgres", "initdb"] {
            if !bin.join(program).exists() {
                return Err(format!("{shown}: no {program} there"));
            }
        }
        let output = account
            .command(&bin.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|error| format!("{shown}/postgres: {error} (run as {})", account.name))?;
        let version = Version::parse(&String::from_utf8_lossy(&output.stdout))
            .ok_or_else(|| format!("{shown}/postgres --version: {}", said_by(&output)))?;
        if version.major < *SUPPORTED.start() {
            return Err(format!("{shown}: PostgreSQL {version}, too old"));
        }
        Ok(Self { bin: bin.to_owned(), version })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// The folder that was asked for, and no other.
pub(crate) fn given(bin: &Path, account: &Account) -> Result<Binaries, Error> {
    Binaries::at(bin, account).map_err(|said| Error::NoPostgres {
        wanted: wanted(None),
        tried: vec![said],
        remedy: "name a folder that holds both, or none to have one looked for".into(),
    })
}

/// The server on this machine that fits best: of the cluster's major version if there is a cluster, else the newest
/// supported one. `Err` holds what was looked at.
pub(crate) fn find(
    major: Option<u16>,
    installed: bool,
    downloaded: &[PathBuf],
    account: &Account,
) -> Result<Binaries, Vec<String>> {
    let mut tried = Vec::new();
    let mut found: Vec<Binaries> = Vec::new();
    let mut seen = HashSet::new();
    let places = if installed { candidates() } else { Vec::new() };
    for bin in places.into_iter().chain(downloaded.iter().cloned()) {
        if !seen.insert(fs::canonicalize(&bin).unwrap_or_else(|_| bin.clone())) {
            continue;
        }
        match Binaries::at(&bin, account) {
            Ok(binaries) if fits(binaries.version, major) => found.push(binaries),
            Ok(binaries) => tried.push(format!("{}: PostgreSQL {}", bin.display(), binaries.version)),
            Err(said) => tried.push(said),
        }
    }
    if tried.is_empty() {
        tried.push(if installed {
            format!("PATH, pg_config, {}: nothing there", PLACES.join(", "))
        } else {
            "installed ones: not allowed".into()
        });
    }
    // The first of equals: what stands in PATH was put there on purpose.
    found.into_iter().rev().max_by_key(|binaries| binaries.version).ok_or(tried)
}

/// Which versions would do, for people.
pub(crate) fn wanted(major: Option<u16>) -> String {
    match major {
        Some(major) => format!("{major} (the version that made the cluster)"),
        None => format!("{} to {}", SUPPORTED.start(), SUPPORTED.end()),
    }
}

/// What to install, on the systems where one command does it.
pub(crate) fn remedy(major: Option<u16>) -> String {
    let debian = major.unwrap_or(*SUPPORTED.start());
    let newest = major.unwrap_or(17);
    format!(
        "install the server, not only psql:\n  \
         Debian, Ubuntu: apt-get install postgresql-{debian} (any from 15 on; which one your release has: apt-cache search '^postgresql-[0-9]+$')\n  \
         Fedora, RHEL: dnf install postgresql-server (PGDG: postgresql{newest}-server)\n  \
         Alpine: apk add postgresql{newest}\n  \
         macOS: brew install postgresql@{newest}\n\
         or name the folder of its binaries, or use a server of your own (--database-url)"
    )
}

fn fits(version: Version, major: Option<u16>) -> bool {
    major.map_or_else(|| SUPPORTED.contains(&version.major), |major| major == version.major)
}

fn candidates() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).filter(|folder| folder.join("postgres").is_file());
    let by_pg_config = Command::new("pg_config").arg("--bindir").output().ok().and_then(|output| {
        let bin = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        // Debian's client packages bring pg_config without a server: no find, and nothing worth reporting.
        bin.join("postgres").is_file().then_some(bin)
    });
    let known = PLACES.iter().flat_map(|pattern| expand(pattern)).filter(|bin| bin.join("postgres").exists());
    in_path.chain(by_pg_config).chain(known).collect()
}

/// The folders that a pattern with at most one `*` names.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![pattern.into()] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| PathBuf::from(format!("{}{after}", entry.path().display())))
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::{expand, fits};
    use crate::version::Version;

    #[test]
    fn a_pattern_names_the_folders_that_are_there() {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["pgsql-15/bin", "pgsql-17/bin", "other/bin"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("a folder");
        }
        let pattern = format!("{}/pgsql-*/bin", root.path().display());
        assert_eq!(expand(&pattern), ["pgsql-15/bin", "pgsql-17/bin"].map(|folder| root.path().join(folder)));
        assert!(expand("/nowhere/at/all-*/bin").is_empty());
    }

    #[test]
    fn a_cluster_asks_for_its_own_major() {
        let version = |major| Version { major, minor: 3 };
        assert!(fits(version(15), None) && fits(version(18), None) && !fits(version(14), None));
        assert!(fits(version(16), Some(16)) && !fits(version(17), Some(16)));
    }
}
