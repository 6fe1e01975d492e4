//! What an instance knows of itself: its owner, and the secret that its tokens are signed with.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use colophon_domain::UserId;
use uuid::Uuid;

/// The person to whom documents belong that come in by the command line. Made once.
pub fn owner(data_dir: &Path) -> anyhow::Result<UserId> {
    let path = data_dir.join("owner");
    let text = read_or_make(&path, || UserId::new().to_string())?;
    text.trim().parse().with_context(|| format!("{} holds no UUID", path.display()))
}

/// The secret of the private instance, 244 random bits. Made once, readable by nobody else.
pub fn token_secret(data_dir: &Path) -> anyhow::Result<Vec<u8>> {
    let make = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    Ok(read_or_make(&data_dir.join("token-secret"), make)?.trim().as_bytes().to_vec())
}

/// Two programs may come at once: the file is written aside and linked into place, which only one of them can.
fn read_or_make(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    let read = || fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    if path.exists() {
        return read();
    }
    // Nothing else may have made it yet, where database and store are elsewhere.
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let aside = path.with_extension(format!("new-{}", std::process::id()));
    let written = write_private(&aside, &make()).with_context(|| format!("cannot write {}", aside.display()));
    let linked = written.and_then(|()| match fs::hard_link(&aside, path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked.with_context(|| format!("cannot write {}", path.display())),
    });
    // Whatever happened, the file aside is of no more use.
    let _ = fs::remove_file(&aside);
    linked?;
    read()
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
