//! Which user the server runs as. PostgreSQL refuses root, so root lends it an unprivileged user of its own.

use std::{
    fs::{self, File},
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::{
    error::Error,
    folder::{self, Folder},
};

/// The system user that root lends to the server.
pub(crate) const SYSTEM_USER: &str = "colophon";

/// How the server names its own data directory when its user may not walk the path to it: through an open handle.
const HANDLE: &str = "/proc/self/fd/9";

/// Takes the handle from standard input, where `Command` can put it, to a number that no child of initdb overwrites.
const ENTER: &str = r#"exec 9<&0 </dev/null; umask 077; exec "$@""#;

/// The user that the server runs as.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
    /// Its login name.
    pub(crate) name: String,
    /// The login name of this very program's user.
    pub(crate) caller: String,
    /// Is this program root, and the server not?
    lent: bool,
}

impl Account {
    /// Ourselves; or, as root, the owner of an ordinary user's folder, else the system user, made if absent.
    pub(crate) fn choose(data: &Folder) -> Result<Self, Error> {
        let uid = rustix::process::geteuid();
        let caller = name_of(uid.as_raw())?;
        if !uid.is_root() {
            let gid = rustix::process::getegid().as_raw();
            refuse_foreign(&data.cluster(), uid.as_raw(), &caller)?;
            return Ok(Self { uid: uid.as_raw(), gid, name: caller.clone(), caller, lent: false });
        }
        if !cfg!(target_os = "linux") {
            return Err(Error::User {
                problem: "lending it another user is made for Linux only".into(),
                remedy: "start Colophon as an ordinary user".into(),
            });
        }
        let cluster_owner = fs::symlink_metadata(data.cluster()).map(|metadata| metadata.uid()).ok();
        let (owner, group) = data.owner();
        if owner != 0 && cluster_owner == Some(owner) {
            return Ok(Self { uid: owner, gid: group, name: name_of(owner)?, caller, lent: true });
        }
        let (uid, gid) = system_user()?;
        Ok(Self { uid, gid, name: SYSTEM_USER.into(), caller, lent: true })
    }

    /// The owner of all that belongs to the server.
    pub(crate) fn owner(&self) -> (u32, u32) {
        (self.uid, self.gid)
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.lent
    }

    /// A command that runs as this user, outside any terminal's reach, with nothing of our environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        self.prepare(&mut command);
        command
    }

    /// A command of PostgreSQL's that takes `-D`: it is given a name of `cluster` which this user can use.
    pub(crate) fn command_on(&self, program: &Path, cluster: &Path) -> Result<Command, Error> {
        if !self.lent {
            let mut command = self.command(program);
            command.arg("-D").arg(cluster);
            return Ok(command);
        }
        let handle: File = folder::open_dir(cluster)?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", ENTER, "sh"]).arg(program).args(["-D", HANDLE]).stdin(handle);
        self.prepare(&mut command);
        Ok(command)
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir("/").process_group(0).env_clear().env("LC_ALL", "C");
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if self.lent {
            // The standard library clears the supplementary groups when root sets a uid.
            command.uid(self.uid).gid(self.gid);
        }
    }
}

/// An ordinary user can serve only a cluster of his own.
fn refuse_foreign(cluster: &Path, uid: u32, caller: &str) -> Result<(), Error> {
    let Ok(metadata) = fs::symlink_metadata(cluster) else { return Ok(()) };
    if metadata.uid() == uid {
        return Ok(());
    }
    let owner = name_of(metadata.uid()).unwrap_or_else(|_| format!("uid {}", metadata.uid()));
    Err(Error::NotOurs {
        path: cluster.to_owned(),
        problem: format!("this cluster belongs to {owner}, and you are {caller}"),
        remedy: format!("run Colophon as {owner} or as root, or name another data folder"),
    })
}

fn system_user() -> Result<(u32, u32), Error> {
    if let Some(ids) = ids_of(SYSTEM_USER) {
        return Ok(ids);
    }
    let useradd = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"];
    let attempts: [(&str, Vec<&str>); 2] = [
        ("useradd", [&useradd[..], &["--shell", "/usr/sbin/nologin", SYSTEM_USER]].concat()),
        ("adduser", vec!["-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", SYSTEM_USER]),
    ];
    let mut said = Vec::new();
    for (program, arguments) in attempts {
        let outcome = Command::new(find_tool(program)).args(arguments).stdin(Stdio::null()).output();
        if let Some(ids) = ids_of(SYSTEM_USER) {
            return Ok(ids);
        }
        said.push(match outcome {
            Ok(output) => format!("{program}: {}", said_by(&output)),
            Err(error) => format!("{program}: {error}"),
        });
    }
    Err(Error::User {
        problem: format!(
            "the system user {SYSTEM_USER} is absent and could not be made ({})",
            said.join("; ")
        ),
        remedy: format!("make it (useradd --system {SYSTEM_USER}), or start Colophon as an ordinary user"),
    })
}

/// Both tools lie in `sbin`, which a root shell made by `su` does not search.
fn find_tool(name: &str) -> PathBuf {
    ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| name.into())
}

/// `id` asks every source of users that the system has, which reading `/etc/passwd` would not.
fn name_of(uid: u32) -> Result<String, Error> {
    id(&["-un", &uid.to_string()]).ok_or_else(|| Error::User {
        problem: format!("the user number {uid} has no name on this system"),
        remedy: "give it one: PostgreSQL and its peer authentication need a user that has a name".into(),
    })
}

fn ids_of(name: &str) -> Option<(u32, u32)> {
    let number = |flag| id(&[flag, name])?.parse().ok();
    Some((number("-u")?, number("-g")?)).filter(|ids: &(u32, u32)| ids.0 != 0)
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// What a failed command wrote, on one line.
pub(crate) fn said_by(output: &Output) -> String {
    let text = [&output.stderr[..], &output.stdout[..]].concat();
    String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}
