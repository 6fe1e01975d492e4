//! What is not the database: the store, the data folder, the keys of tokens, the clock.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::SignedDuration;

use super::report::Report;
use crate::config::Config;
use crate::instance;
use crate::output;
use crate::storage;

/// A store with less room than this will soon be full.
const LITTLE_ROOM: u64 = 1 << 30;

/// Files of the data folder that nobody else may read.
const SECRET_FILES: [&str; 2] = ["token-secret", "postgres.password"];

/// Clocks that differ by more than this make times in logs and history hard to compare.
const NOTICEABLE: SignedDuration = SignedDuration::from_secs(5);

/// Tokens are believed for so long after their end, and no longer.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

pub async fn storage(config: &Config, report: &mut Report) {
    let name = "storage";
    let place = storage::name(config);
    let store = match storage::open(config) {
        Ok(store) => store,
        Err(error) => {
            let remedy =
                "make it a folder that this program may write to, or name another with --storage-url";
            return report.fail(name, format!("{place}: {error:#}"), remedy);
        }
    };
    match (store.probe().await, storage::folder(config)) {
        (Err(error), Some(_)) => {
            let remedy =
                "make it a folder that this program may write to, or name another with --storage-url";
            report.fail(name, format!("{place}: {error}"), remedy);
        }
        (Err(error), None) => report.fail(name, format!("{place}: {error}"), error.remedy()),
        (Ok(_), Some(folder)) => room(&folder, report),
        (Ok(probed), None) if probed.is_public == Some(true) => {
            let found = format!("{place}: anybody may read its objects without being asked who they are");
            report.fail(name, found, "make the bucket private; people get links that expire");
        }
        (Ok(_), None) => {
            let found =
                format!("{place}: an object was written, read and deleted, and strangers may not read it");
            report.ok(name, found);
        }
    }
}

/// Of a folder that takes objects: how many yet.
fn room(folder: &Path, report: &mut Report) {
    let name = "storage";
    let free = rustix::fs::statvfs(folder).map(|room| room.f_bavail.saturating_mul(room.f_frsize));
    let found = format!("{}: an object was written, read and deleted", folder.display());
    match free {
        Ok(free) if free < LITTLE_ROOM => {
            let free = output::bytes(i64::try_from(free).unwrap_or(i64::MAX));
            report.warn(
                name,
                format!("{found}; {free} are free"),
                "make room, or name another with --storage-url",
            );
        }
        Ok(free) => {
            let free = output::bytes(i64::try_from(free).unwrap_or(i64::MAX));
            report.ok(name, format!("{found}; {free} are free"));
        }
        Err(error) => {
            report.ok(name, format!("{found}; how much is free, the system does not say ({error})"));
        }
    }
}

pub fn data_folder(config: &Config, report: &mut Report) {
    let (name, folder) = ("data-folder", &config.data_dir);
    let Some(mode) = mode_of(folder) else {
        return report.skip(name, format!("{} is not there yet", folder.display()));
    };
    let open: Vec<String> = SECRET_FILES
        .iter()
        .map(|file| folder.join(file))
        .filter(|path| mode_of(path).is_some_and(|mode| mode & 0o077 != 0))
        .map(|path| path.display().to_string())
        .collect();
    if !open.is_empty() {
        let found = format!("others may read {}", open.join(" and "));
        report.fail(
            name,
            found,
            format!("chmod 600 {}; whoever may have read it, make it anew", open.join(" ")),
        );
    } else if mode & 0o022 != 0 {
        let found = format!("others may write to {}", folder.display());
        report.fail(name, found, format!("chmod go-w {}", folder.display()));
    } else {
        report.ok(name, format!("{}: its secrets are readable by their owner alone", folder.display()));
    }
}

fn mode_of(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|file| file.permissions().mode())
}

pub async fn tokens(config: &Config, report: &mut Report) {
    let name = "tokens";
    if config.database.url.is_none() {
        return report.ok(name, "the private instance signs its own");
    }
    let keys = match instance::shared_keys(&config.supabase) {
        Ok(keys) => keys,
        Err(error) => return report.fail(name, format!("{error:#}"), "mend the keys of [supabase]"),
    };
    let secret = keys.secret.is_some();
    let Some(jwks) = keys.jwks else {
        return if secret {
            report.ok(name, "verified with supabase.jwt_secret (HS256)");
        } else {
            report.skip(name, "there is nothing to verify them with; see the check configuration");
        };
    };
    match jwks.count().await {
        Ok(0) if secret => {
            report.ok(name, format!("{}: no public keys; supabase.jwt_secret is used", jwks.source));
        }
        Ok(0) => {
            let found = format!("{}: there is no key in it", jwks.source);
            report.fail(
                name,
                found,
                "the project signs with its secret: set SUPABASE_JWT_SECRET, or give it signing keys",
            );
        }
        Ok(count) => report.ok(name, format!("{}: {count} public keys", jwks.source)),
        Err(error) => {
            let found = format!("{}: {error}", jwks.source);
            let remedy =
                "is the address right, and reachable from here? Until then tokens are answered with 503";
            report.fail(name, found, remedy);
        }
    }
}

/// It may be missing: two strategies need it, and say so themselves.
pub async fn tesseract(config: &Config, report: &mut Report) {
    let name = "tesseract";
    match config.tesseract.installed().await {
        Ok(found) => {
            let languages = found.languages.join(", ");
            report.ok(name, format!("{}, with the models {languages}", found.version));
        }
        Err(error) => report.skip(name, format!("the strategy ocr cannot be used: {error}")),
    }
}

/// `skew`: by how much the database is ahead.
pub fn clock(skew: SignedDuration, report: &mut Report) {
    let name = "clock";
    let side = if skew.is_negative() { "behind" } else { "ahead of" };
    let found = format!("the database is {:#} {side} this machine", skew.abs());
    let remedy = "let both machines keep time by NTP (timedatectl set-ntp true)";
    if skew.abs() > LEEWAY {
        report.fail(name, format!("{found}: tokens are taken for too old or too new"), remedy);
    } else if skew.abs() > NOTICEABLE {
        report.warn(name, found, remedy);
    } else {
        report.ok(name, "database and machine agree");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_seconds_and_not_by_more_than_tokens_allow() {
        let judged = |seconds| {
            let mut report = Report::default();
            clock(SignedDuration::from_secs(seconds), &mut report);
            (report.has_failed(), format!("{report:?}").contains("Warning"))
        };
        assert_eq!([judged(0), judged(5), judged(-5)], [(false, false); 3]);
        assert_eq!([judged(6), judged(-60)], [(false, true); 2]);
        assert_eq!([judged(61), judged(-3_600)], [(true, false); 2]);
    }
}
