//! Making a cluster, once.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crate::{
    account::Account,
    binaries::Binaries,
    config,
    error::{At as _, Error},
    folder::{self, Folder},
};

/// What a cluster in the making is called; a kill leaves it behind for the next start to remove.
const UNFINISHED: &str = "postgres.unfinished-";

/// The major version that made the cluster.
pub(crate) fn major(cluster: &Path) -> Result<u16, Error> {
    let path = cluster.join("PG_VERSION");
    let text = fs::read_to_string(&path).at("read", &path)?;
    text.trim().parse().map_err(|_| Error::NotOurs {
        path,
        problem: format!("{text:?} is not a version"),
        remedy: "restore the cluster from a copy, or move it away".into(),
    })
}

/// Makes the cluster beside its place and renames it: it is there as a whole, or not at all.
pub(crate) async fn make(
    folder: &Folder,
    binaries: &Binaries,
    account: &Account,
    durable: bool,
) -> Result<(), Error> {
    let cluster = folder.cluster();
    let new = folder.root().join(format!("{UNFINISHED}{}", folder::random_hex(4)?));
    folder::private_dir(&new, account.owner())?;
    let made = fill(&new, binaries, account, durable).await;
    let placed = made.and_then(|()| fs::rename(&new, &cluster).at("put the new cluster at", &cluster));
    if placed.is_err() {
        remove(&new);
    } else if durable {
        folder::open_dir(folder.root())?.sync_all().at("sync", folder.root())?;
    }
    placed
}

/// Removes what killed attempts left behind.
pub(crate) fn clean(folder: &Folder) -> Result<(), Error> {
    for entry in fs::read_dir(folder.root()).at("list", folder.root())? {
        let entry = entry.at("list", folder.root())?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove(&entry.path());
        }
    }
    Ok(())
}

async fn fill(new: &Path, binaries: &Binaries, account: &Account, durable: bool) -> Result<(), Error> {
    run_initdb(new, binaries, account, durable).await?;
    let path = new.join("postgresql.conf");
    let mut file =
        OpenOptions::new().append(true).custom_flags(folder::nofollow()).open(&path).at("open", &path)?;
    writeln!(file, "\ninclude = '{}'\n# Your own values go here:", config::FILE).at("write", &path)?;
    folder::mark(new, account.owner())?;
    if durable {
        // initdb has synced its own; these are the files that came after.
        for path in [&path, &new.join(folder::MARKER), new] {
            fs::File::open(path).and_then(|file| file.sync_all()).at("sync", path)?;
        }
    }
    Ok(())
}

async fn run_initdb(new: &Path, binaries: &Binaries, account: &Account, durable: bool) -> Result<(), Error> {
    let mut locales = locales(binaries).iter().peekable();
    while let Some(locale) = locales.next() {
        let output = initdb(new, binaries, account, locale, durable).await?;
        if output.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if !said.contains("invalid locale") || locales.peek().is_none() {
            let program = binaries.program("initdb");
            return Err(Error::Command {
                program: format!("{} as {} for {}", program.display(), account.name, new.display()),
                status: output.status.to_string(),
                output: said,
            });
        }
    }
    Ok(())
}

/// The same order and case rules on every machine: code points, with the letters of all of Unicode.
/// From 17 on PostgreSQL brings them along; before, the system's C library has to know them.
fn locales(binaries: &Binaries) -> &'static [&'static [&'static str]] {
    if binaries.version.major >= 17 {
        &[&["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    } else {
        &[&["--locale=C.UTF-8"], &["--locale=C", "--lc-ctype=en_US.UTF-8"], &["--locale=C"]]
    }
}

async fn initdb(
    new: &Path,
    binaries: &Binaries,
    account: &Account,
    locale: &[&str],
    durable: bool,
) -> Result<std::process::Output, Error> {
    let program = binaries.program("initdb");
    let mut command = account.command_on(&program, new)?;
    command
        .args(["--username", config::SUPERUSER, "--encoding", "UTF8", "--data-checksums"])
        .args(["--auth-local", "peer", "--auth-host", "reject", "--no-instructions"])
        .args(locale);
    if !durable {
        command.arg("--no-sync");
    }
    tokio::process::Command::from(command).kill_on_drop(true).output().await.at("run", &program)
}

/// An initdb that outlived its killed parent may still write there: then a later start removes it.
fn remove(unfinished: &Path) {
    if let Err(error) = fs::remove_dir_all(unfinished) {
        tracing::warn!(path = %unfinished.display(), %error, "an unfinished cluster could not be removed yet");
    }
}
