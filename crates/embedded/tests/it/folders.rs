//! What lies in the folders already, and what their paths are like.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use colophon_embedded::{Error, Postgres, Settings};

use crate::support::{Data, ask, superuser};

async fn refused(settings: Settings) -> Error {
    match Postgres::open(settings).await {
        Ok(_) => panic!("it must not open that"),
        Err(error) => error,
    }
}

/// Names, sizes and times of all that is below.
fn trace(path: &Path) -> String {
    let output =
        Command::new("find").arg(path).args(["-printf", "%p %s %T@ %u %m\n"]).output().expect("find");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn another_cluster_is_never_touched() {
    // Somebody's cluster where ours would lie, and one that is the data folder itself.
    for place in ["postgres", "."] {
        let data = Data::new();
        let foreign = data.path().join(place);
        fs::create_dir_all(foreign.join("base")).expect("a folder");
        fs::write(foreign.join("PG_VERSION"), "15\n").expect("a file");
        fs::write(foreign.join("pg_hba.conf"), "theirs\n").expect("a file");
        let before = trace(&foreign.join("pg_hba.conf")) + &trace(&foreign.join("base"));
        let error = refused(data.settings()).await;
        assert!(matches!(error, Error::NotOurs { .. }), "{error}");
        assert_eq!(trace(&foreign.join("pg_hba.conf")) + &trace(&foreign.join("base")), before);
    }
    // A link to a cluster elsewhere, even to one of ours.
    let (ours, data) = (Data::new(), Data::new());
    Postgres::open(ours.settings()).await.expect("opens").close().await.expect("closes");
    fs::create_dir_all(data.path()).expect("a folder");
    std::os::unix::fs::symlink(ours.cluster(), data.cluster()).expect("a link");
    let before = trace(&ours.path());
    assert!(matches!(refused(data.settings()).await, Error::NotOurs { .. }));
    assert_eq!(trace(&ours.path()), before);
}

#[tokio::test]
async fn files_in_the_way_are_not_overwritten() {
    let data = Data::new();
    fs::create_dir_all(data.path().join("run")).expect("a folder");
    fs::write(data.path().join("run/precious"), "theirs").expect("a file");
    let error = refused(data.settings()).await.to_string();
    assert!(error.contains("/run") && error.contains("remove it"), "{error}");
    assert_eq!(fs::read_to_string(data.path().join("run/precious")).expect("still there"), "theirs");
}

#[tokio::test]
async fn the_clusters_version_decides_which_binaries_fit() {
    let data = Data::new();
    let postgres = Postgres::open(data.settings()).await.expect("opens");
    let made_by = postgres.version().major;
    postgres.close().await.expect("closes");

    let other = tempfile::tempdir().expect("a folder");
    fs::set_permissions(other.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    for program in ["postgres", "initdb"] {
        let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {}.1'\n", made_by + 1);
        fs::write(other.path().join(program), script).expect("a script");
        fs::set_permissions(other.path().join(program), fs::Permissions::from_mode(0o755)).expect("ours");
    }
    let mut settings = data.settings();
    settings.postgres_dir = Some(other.path().into());
    let error = refused(settings).await;
    assert!(matches!(error, Error::WrongMajor { major, .. } if major == made_by), "{error}");

    fs::write(data.cluster().join("PG_VERSION"), "9\n").expect("written");
    let mut settings = data.settings();
    settings.download = false;
    let error = refused(settings).await.to_string();
    let says = |text: &str| assert!(error.contains(text), "{text:?} is not in: {error}");
    says("PostgreSQL 9 (the version that made the cluster)");
    says("apt-get install postgresql-9");
    says(&format!("PostgreSQL {made_by}."));
}

#[tokio::test]
async fn a_folder_without_binaries_is_named() {
    let data = Data::new();
    let mut settings = data.settings();
    settings.postgres_dir = Some("/nowhere/bin".into());
    let error = refused(settings).await.to_string();
    assert!(error.contains("/nowhere/bin: no postgres there"), "{error}");
}

#[tokio::test]
async fn a_long_or_odd_path_works() {
    let data = Data::new();
    let parts = ["one with spaces", "zwölf & 'zwanzig'", &"long".repeat(20)];
    for path in [parts[..2].iter().collect::<std::path::PathBuf>(), parts.iter().collect()] {
        let mut settings = data.settings();
        settings.data_dir = data.path().join(path);
        let run = settings.data_dir.join("run");
        let postgres = Postgres::open(settings).await.expect("opens");
        ask(&superuser(&postgres).await, "1").await;
        assert!(postgres.socket_dir().as_os_str().len() < 92);
        assert!(run.join(format!(".s.PGSQL.{}", postgres.port())).exists(), "the link leads to the socket");
        let place = postgres.socket_dir().to_owned();
        assert_eq!(fs::metadata(&place).expect("a folder").permissions().mode() & 0o777, 0o700);
        postgres.close().await.expect("closes");
        assert!(!place.join(".s.PGSQL.5432").exists());
        assert!(place.starts_with(data.path()) || !place.exists(), "nothing is left outside");
    }
}

#[tokio::test]
async fn settings_reach_the_server() {
    let data = Data::new();
    let mut settings = data.settings();
    settings.server_settings.push(("colophon.note".into(), r"it's a \ note".into()));
    let postgres = Postgres::open(settings).await.expect("opens");
    let client = superuser(&postgres).await;
    assert_eq!(ask(&client, "current_setting('colophon.note')").await, r"it's a \ note");
    assert_eq!(ask(&client, "current_setting('data_checksums')").await, "on");
    assert_eq!(ask(&client, "current_setting('fsync')").await, "off");
    assert_eq!(ask(&client, "upper('straße zürich')").await, "STRAßE ZÜRICH");
    assert_eq!(ask(&client, "current_setting('server_encoding')").await, "UTF8");
    postgres.close().await.expect("closes");
}
