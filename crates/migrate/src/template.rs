//! A new pair of files.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;

const UP: &str = "-- What for: …
-- Locks: … (new objects only: nothing). Takes: …. Back: rollbacks/{file} …
--
-- Names in full (public.…). REVOKE and GRANT for every new table, function and sequence, service_role included; row-level
-- security on new tables; `set search_path = ''` in functions; no BEGIN or COMMIT. CREATE INDEX CONCURRENTLY alone in
-- its file. What takes something away needs a line `-- contract: <version that made its replacement>`.

";

const DOWN: &str = "-- Way back of {file}. Say what is lost.

";

/// Makes `migrations/<version>_<name>.sql` and `rollbacks/<version>_<name>.sql` in a folder, with the present time as
/// the version, or one second after the newest file where that is later.
///
/// # Errors
/// The name is not in `small_letters`, or the files cannot be written.
pub fn new(folder: &Path, name: &str) -> Result<[PathBuf; 2], Error> {
    let fits = !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fits {
        let problem = "a migration's name is made of small letters, digits and _".to_owned();
        return Err(Error::File { file: name.to_owned(), problem });
    }
    let existing = if folder.join("migrations").is_dir() { crate::read_folder(folder)? } else { Vec::new() };
    let mut at = jiff::Timestamp::now();
    let version = loop {
        let version = at.strftime("%Y%m%d%H%M%S").to_string();
        if existing.last().is_none_or(|m| *m.version < *version) {
            break version;
        }
        let newest = existing.last().map_or("", |m| m.version);
        at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", newest)
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
            .map_or(at, |time| time.timestamp())
            + jiff::SignedDuration::from_secs(1);
    };
    let file = format!("{version}_{name}.sql");
    let write = |sub: &str, template: &str| -> Result<_, Error> {
        let folder = folder.join(sub);
        let path = folder.join(&file);
        let refuse = |error: std::io::Error| Error::File {
            file: path.display().to_string(),
            problem: error.to_string(),
        };
        std::fs::create_dir_all(&folder).map_err(refuse)?;
        let mut opened =
            std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(refuse)?;
        opened.write_all(template.replace("{file}", &file).as_bytes()).map_err(refuse)?;
        Ok(path)
    };
    Ok([write("migrations", UP)?, write("rollbacks", DOWN)?])
}
