//! The files of `supabase/`: as this program carries them, or of a folder.

use std::path::Path;

use crate::Error;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// A change of the schema, and its way back.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 14 digits; the order of application is the order of this text.
    pub version: &'static str,
    /// The rest of the file's name.
    pub name: &'static str,
    /// The change.
    pub up: &'static str,
    /// Its way back.
    pub down: Option<&'static str>,
}

/// Every migration this program knows, in order.
pub fn migrations() -> Vec<Migration> {
    embedded::MIGRATIONS
        .iter()
        .map(|(stem, up)| {
            let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
            let down = embedded::ROLLBACKS.iter().find(|(other, _)| other == stem).map(|(_, down)| *down);
            Migration { version, name, up, down }
        })
        .collect()
}

/// What a Supabase project has and a plain server lacks: `(file, text)`. The first is for the server, the others are
/// for each database.
pub fn plain() -> &'static [(&'static str, &'static str)] {
    embedded::PLAIN
}

/// The migrations of a `supabase/` folder of somebody's own, in order. Files in `migrations/` whose names are not
/// `<digits>_<name>.sql` are passed over, as the Supabase CLI does. A folder is read once in a program's life; its texts
/// live as long.
///
/// # Errors
/// The folder cannot be read, two files have one version, or a rollback belongs to no migration.
pub fn read_folder(folder: &Path) -> Result<Vec<Migration>, Error> {
    let ups = sql_files(&folder.join("migrations"), true)?;
    let downs = sql_files(&folder.join("rollbacks"), false)?;
    for (stem, _) in &downs {
        if !ups.iter().any(|(other, _)| other == stem) {
            let file = folder.join("rollbacks").join(format!("{stem}.sql")).display().to_string();
            return Err(Error::File { file, problem: "there is no migration of that name".to_owned() });
        }
    }
    let mut all: Vec<Migration> = Vec::new();
    for (stem, up) in ups {
        let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
        if let Some(other) = all.iter().find(|m| m.version == version) {
            let file = folder.join("migrations").join(format!("{stem}.sql")).display().to_string();
            let problem = format!("{}_{} has the same version; give it another", other.version, other.name);
            return Err(Error::File { file, problem });
        }
        let down = downs.iter().find(|(other, _)| *other == stem).map(|(_, down)| *down);
        all.push(Migration { version, name, up, down });
    }
    Ok(all)
}

/// `(name without .sql, text)` of a folder's files; an absent folder of rollbacks is an empty one.
fn sql_files(folder: &Path, required: bool) -> Result<Vec<(&'static str, &'static str)>, Error> {
    let refuse = |path: &Path, error: &std::io::Error| Error::File {
        file: path.display().to_string(),
        problem: error.to_string(),
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => return Ok(Vec::new()),
        entries => entries.map_err(|error| refuse(folder, &error))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| refuse(folder, &error))?.path();
        let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".sql"));
        let Some(stem) = stem.filter(|stem| has_version(stem)) else { continue };
        let text = std::fs::read_to_string(&path).map_err(|error| refuse(&path, &error))?;
        files.push((&*stem.to_owned().leak(), &*text.leak()));
    }
    files.sort_unstable();
    Ok(files)
}

fn has_version(stem: &str) -> bool {
    let digits = stem.split_once('_').map_or("", |(version, _)| version);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

impl Migration {
    /// SHA-256 of the change, in hexadecimal.
    pub fn checksum(&self) -> String {
        use sha2::Digest as _;
        use std::fmt::Write as _;
        sha2::Sha256::digest(self.up).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// `<version>_<name>`, as its files are called.
    pub fn stem(&self) -> String {
        format!("{}_{}", self.version, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_has_fourteen_digits_a_name_and_a_way_back() {
        let all = migrations();
        assert!(!all.is_empty());
        for migration in &all {
            assert_eq!(migration.version.len(), 14, "{}", migration.version);
            assert!(migration.version.bytes().all(|b| b.is_ascii_digit()), "{}", migration.version);
            assert!(!migration.name.is_empty() && migration.down.is_some(), "{}", migration.version);
        }
        assert!(all.is_sorted_by(|a, b| a.version < b.version));
        assert_eq!(embedded::ROLLBACKS.len(), all.len(), "a rollback without its migration");
    }

    #[test]
    fn no_migration_begins_or_commits_or_makes_a_platform_role() {
        for migration in migrations() {
            for text in [Some(migration.up), migration.down].into_iter().flatten() {
                for line in text.lines().map(|line| line.trim().to_ascii_lowercase()) {
                    assert!(!line.starts_with("begin;") && !line.starts_with("commit"), "{line}");
                    assert!(!line.starts_with("create role"), "{line}");
                }
            }
        }
    }
}
