//! The configuration as people meet it: who wins, what is refused, and that no secret is ever seen.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::folder::{Folder, Ran, ran};
use crate::pdf::numbered;

const SECRET: &str = "hunter2-c0rrect-h0rse-battery-staple";

/// Runs a command where `colophon.toml` lies in the current folder.
fn run_with(folder: &Folder, file: &str, environment: &[(&str, &str)], args: &[&str]) -> Ran {
    let here = folder.scratch();
    fs::write(here.join("colophon.toml"), file).unwrap();
    let mut command = folder.command(args);
    ran(command
        .current_dir(here)
        .env_remove("COLOPHON_DATA_DIR")
        .envs(environment.iter().copied())
        .output()
        .unwrap())
}

/// What holds for a key, and who said it.
fn in_force(ran: &Ran, key: &str) -> (Value, Value) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let settings = shown["settings"].as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["key"] == key).unwrap();
    (setting["value"].clone(), setting["origin"].clone())
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let folder = Folder::private();
    let (file, environment) = ("workers = 3", [("COLOPHON_WORKERS", "4")]);
    let show = &["config", "--json"][..];
    let (value, origin) = in_force(&run_with(&folder, "", &[], show), "workers");
    assert_eq!((value, &origin["kind"]), ("2".into(), &"default".into()));
    let (value, origin) = in_force(&run_with(&folder, file, &[], show), "workers");
    assert_eq!((value, &origin["path"], &origin["line"]), ("3".into(), &"colophon.toml".into(), &1.into()));
    let (value, origin) = in_force(&run_with(&folder, file, &environment, show), "workers");
    assert_eq!((value, &origin["name"]), ("4".into(), &"COLOPHON_WORKERS".into()));
    let flag = [show, &["--workers", "5"]].concat();
    let (value, origin) = in_force(&run_with(&folder, file, &environment, &flag), "workers");
    assert_eq!((value, &origin["name"]), ("5".into(), &"--workers".into()));
    // What is set to nothing says nothing.
    let (value, _) = in_force(&run_with(&folder, file, &[("COLOPHON_WORKERS", "")], show), "workers");
    assert_eq!(value, "3");
}

#[test]
fn of_two_variables_our_own_is_the_stronger() {
    let folder = Folder::private();
    let both = [("DATABASE_URL", "postgresql://h/other"), ("COLOPHON_DATABASE_URL", "postgresql://h/ours")];
    let show = &["config", "--json"][..];
    let (value, origin) = in_force(&run_with(&folder, "", &both, show), "database.url");
    assert_eq!(
        (value, &origin["name"]),
        ("h:5432, database ours, sslmode prefer".into(), &"COLOPHON_DATABASE_URL".into())
    );
    let (value, origin) = in_force(&run_with(&folder, "", &both[..1], show), "database.url");
    assert_eq!(
        (value, &origin["name"]),
        ("h:5432, database other, sslmode prefer".into(), &"DATABASE_URL".into())
    );
}

#[test]
fn the_file_is_found_by_flag_by_variable_here_or_at_home() {
    let folder = Folder::private();
    let file = |name: &str, workers: u16| -> PathBuf {
        let path = folder.scratch().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("workers = {workers}\ndata_dir = \"beside\"")).unwrap();
        path
    };
    let workers = |args: &[&str], variable: Option<&PathBuf>| {
        let mut command = folder.command(&[&["config", "--json"], args].concat());
        command.current_dir(folder.scratch()).env("XDG_CONFIG_HOME", folder.scratch().join("home"));
        command.envs(variable.map(|path| ("COLOPHON_CONFIG", path)));
        in_force(&ran(command.output().unwrap()), "workers").0
    };
    assert_eq!(workers(&[], None), "2");
    file("home/colophon/colophon.toml", 11);
    assert_eq!(workers(&[], None), "11");
    file("colophon.toml", 12);
    assert_eq!(workers(&[], None), "12");
    let named = file("named/some.toml", 13);
    assert_eq!(workers(&[], Some(&named)), "13");
    let flagged = file("flagged.toml", 14);
    assert_eq!(workers(&["--config", flagged.to_str().unwrap()], Some(&named)), "14");
    // A path in a file counts from the file.
    let shown = run_with(&folder, "", &[], &["config", "--json", "--config", named.to_str().unwrap()]);
    assert_eq!(in_force(&shown, "data_dir").0, named.with_file_name("beside").to_str().unwrap());
    let absent = folder.run(&["config", "--config", "nowhere.toml"]);
    assert_eq!(absent.code, Some(2), "{absent:?}");
    assert!(absent.stderr.contains("\"nowhere.toml\" (from --config)"), "{absent:?}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_who_said_it_and_what_to_do() {
    let folder = Folder::private();
    let file = r#"
        workers = "many"
        lisen = "127.0.0.1:1"
        upload_limit = true
        [databse]
        url = "x"
        [database]
        pooler = "sometimes"
        pool_size = 0
        [nonsense]
        at = "all"
    "#;
    let environment = [
        ("COLOPHON_LOG", "loud=very=much"),
        ("COLOPHON_STORAGE_URL", "ftp://bucket"),
        ("SUPABASE_URL", "project"),
        ("SUPABASE_JWKS", "no-such-file.json"),
        ("SUPABASE_ANON_KEY", "sb_secret_abc"),
        ("SUPABASE_JWT_SECRET", "short"),
        ("COLOPHON_DIRECT_URL", "not a url"),
    ];
    let ran = run_with(&folder, file, &environment, &["serve", "--listen", "here", "--data-dir", ""]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    let expected = [
        ("workers: \"many\" is no number from 0 to 256", "colophon.toml:2", "say such a number"),
        ("lisen: there is no such key", "colophon.toml:3", "did you mean listen?"),
        ("upload_limit: is true or false", "colophon.toml:4", "give one value"),
        ("databse.url: there is no such key", "colophon.toml:6", "did you mean database.url?"),
        ("database.pooler: \"sometimes\"", "colophon.toml:8", "auto, none, session or transaction"),
        ("database.pool_size: \"0\"", "colophon.toml:9", "say such a number"),
        ("nonsense.at: there is no such key", "colophon.toml:11", "colophon config --default"),
        ("log: \"loud=very=much\"", "COLOPHON_LOG", "say info"),
        ("storage.url: is no place", "COLOPHON_STORAGE_URL", "file:///folder"),
        ("supabase.url: \"project\"", "SUPABASE_URL", "https://project.supabase.co"),
        ("supabase.jwks: ", "SUPABASE_JWKS", "name the file"),
        ("supabase.publishable_key: is the secret key", "SUPABASE_ANON_KEY", "sb_publishable_"),
        ("supabase.jwt_secret: has 5 bytes", "SUPABASE_JWT_SECRET", "32 or more"),
        ("database.direct_url: ", "COLOPHON_DIRECT_URL", "postgresql://"),
        ("listen: \"here\"", "--listen", "127.0.0.1:8787"),
        ("data_dir: \"\" is empty", "--data-dir", "leave it out"),
    ];
    for (what, origin, remedy) in expected {
        let line = ran.stderr.lines().find(|line| line.starts_with(&format!("colophon: {what}")));
        let line = line.unwrap_or_else(|| panic!("{what}: {}", ran.stderr));
        assert!(line.contains(&format!("(from {origin})")), "{line}");
        assert!(line.split_once("; ").unwrap().1.contains(remedy), "{line}");
    }
    assert_eq!(ran.stderr.lines().count(), expected.len(), "{}", ran.stderr);
    assert!(!folder.data().exists(), "nothing was started");
}

#[test]
fn what_does_not_go_together_is_refused_or_warned_of() {
    let folder = Folder::private();
    let url = ("COLOPHON_DATABASE_URL", "postgresql://authenticator@127.0.0.1:1/x");
    let ran = run_with(&folder, "", &[url], &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{ran:?}");
    for name in ["SUPABASE_URL", "SUPABASE_JWKS", "SUPABASE_JWT_SECRET"] {
        assert!(ran.stderr.contains(name), "{ran:?}");
    }
    let ran = run_with(&folder, "[database]\npool_size = 2\n", &[], &["serve", "--workers", "3"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("fewer than the 3 workers"), "{ran:?}");
    let transaction = "postgresql://postgres.ref:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres";
    let both = [("DATABASE_URL", transaction), ("COLOPHON_DIRECT_URL", transaction)];
    let ran = run_with(&folder, "", &both, &["documents", "list"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{ran:?}");
    assert!(ran.stderr.contains("database.direct_url: is a pooler in transaction mode itself"), "{ran:?}");
    let ran = run_with(&folder, "", &[], &["worker", "--workers", "0"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");

    let warned = |file: &str, environment: &[(&str, &str)], args: &[&str]| {
        let ran = run_with(&folder, file, environment, &[&["config", "--json"], args].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
        shown["warnings"].to_string()
    };
    assert_eq!(warned("", &[], &[]), "[]");
    assert!(warned("", &[], &["--listen", "0.0.0.0:8787"]).contains("lets other machines in"));
    assert!(
        warned("", &[("COLOPHON_DATABSE_URL", "x")], &[]).contains("did you mean COLOPHON_DATABASE_URL?")
    );
    assert!(warned("[supabase]\nsecret_key = 'x'", &[], &[]).contains("chmod 600"));
    assert!(warned("", &[("COLOPHON_DIRECT_URL", "postgresql://h/d")], &[]).contains("means nothing"));
    assert!(warned("", &[url], &[]).contains("nothing says how tokens are verified"));
}

#[test]
fn no_secret_is_ever_printed_whatever_is_wrong_with_it() {
    let folder = Folder::private();
    let url = format!("postgresql://u:{SECRET}@127.0.0.1:1/d?connect_timeout=1");
    let odd_url = format!("postgresql://u:a?b/{SECRET}@127.0.0.1:1/d");
    let port_url = format!("postgresql://u:x@127.0.0.1:{SECRET}/d");
    let parameter_url = format!("postgresql://127.0.0.1:1/d?password={SECRET}&nonsense=1");
    let words = format!("host=127.0.0.1 port=1 password={SECRET}");
    let files = [
        format!("[supabase]\njwt_secret = \"{SECRET}\"\nsecret_key = '{SECRET}'\n"),
        format!("[supabase]\njwt_secret = {SECRET}\n"),
        format!("[supabase]\njwt_secret = \"{SECRET}\n"),
        format!("[supabase]\njwt_secret = [\"{SECRET}\"]\n"),
        format!("[supabase]\njwt_secret = \"\\q{SECRET}\"\n"),
        format!("[supabase]\njwt_secret = '{SECRET}'\njwt_secret = '{SECRET}'\n"),
        format!("[supabase]\njwt_secrt = '{SECRET}'\n"),
        format!("[supabase]\njwt_secret = '''{SECRET}\n"),
        format!("[supabase]\npublishable_key = 'sb_secret_{SECRET}'\n"),
        format!("[database]\nurl = '{SECRET}'\n"),
        format!("[database]\nurl = '{odd_url}'\ndirect_url = '{port_url}'\n"),
        format!("[storage]\nurl = 's3://key:{SECRET}@bucket'\n"),
    ];
    let commands: [&[&str]; 5] =
        [&["doctor"], &["config"], &["config", "--json"], &["serve"], &["documents", "list"]];
    let assert_silent = |ran: &Ran, about: &str| {
        assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{about}: {ran:?}");
    };
    let log = ("COLOPHON_LOG", "trace");
    for args in commands {
        for file in &files {
            // A port that nobody listens at, so that no private server is started where the file is in order.
            let environment = [log, ("COLOPHON_DATABASE_URL", url.as_str())];
            assert_silent(&run_with(&folder, file, &environment, args), file);
        }
        for value in [&url, &odd_url, &port_url, &parameter_url, &words] {
            for name in ["COLOPHON_DATABASE_URL", "DATABASE_URL", "COLOPHON_DIRECT_URL"] {
                let environment = [
                    log,
                    ("SUPABASE_JWT_SECRET", SECRET),
                    ("COLOPHON_DATABASE_URL", url.as_str()),
                    (name, value.as_str()),
                ];
                assert_silent(&run_with(&folder, "", &environment, args), value);
            }
        }
        let flag = [args, &["--database-url", &odd_url]].concat();
        assert_silent(&run_with(&folder, "", &[log], &flag), "the flag");
    }
    let shown = run_with(&folder, &files[0], &[("DATABASE_URL", &url)], &["config"]);
    assert!(
        shown.stdout.contains("(set)") && shown.stdout.contains("127.0.0.1:1, database d, role u"),
        "{shown:?}"
    );
    assert!(!folder.data().exists(), "no private server was started");
}

#[test]
fn the_default_file_can_be_used_as_it_is() {
    let folder = Folder::private();
    let text = folder.done(&["config", "--default"]);
    let show = &["config", "--json"][..];
    let (value, origin) = in_force(&run_with(&folder, &text, &[], show), "listen");
    assert_eq!((value, &origin["path"]), ("127.0.0.1:8787".into(), &"colophon.toml".into()));
    let broken = run_with(&folder, "= nonsense", &[], &["config", "--default"]);
    assert_eq!(broken.stdout, text, "it helps also where the file is broken: {broken:?}");
    let completions = run_with(&folder, "= nonsense", &[], &["completions", "bash"]);
    assert_eq!(completions.code, Some(0), "what needs no configuration is not hindered by it");
}

#[test]
fn the_largest_file_is_what_is_said() {
    let folder = Folder::private();
    let file = folder.scratch().join("large.pdf");
    fs::write(&file, numbered("large", 3)).unwrap();
    let import = |limit: &str| {
        let mut command = folder.command(&["import", "--no-process", file.to_str().unwrap()]);
        ran(command.env("COLOPHON_UPLOAD_LIMIT", limit).output().unwrap())
    };
    let refused = import("100B");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("large.pdf"), "{refused:?}");
    assert_eq!(import("1MB").code, Some(0));
}

#[test]
fn a_bucket_without_what_opens_it_is_told() {
    let folder = Folder::private();
    let told = |environment: &[(&str, &str)]| {
        let ran = run_with(&folder, "", environment, &["serve"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        ran.stderr
    };
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    assert!(told(&[("COLOPHON_STORAGE_URL", "s3://docs")]).contains("AWS_SECRET_ACCESS_KEY"));
    let project = ("COLOPHON_STORAGE_URL", "supabase://documents");
    assert!(told(&[project, keys[0], keys[1]]).contains("set SUPABASE_URL"));
    let caller = ("COLOPHON_STORAGE_IDENTITY", "caller");
    assert!(told(&[caller]).contains("say supabase://bucket"));
    let url = ("SUPABASE_URL", "http://127.0.0.1:1");
    assert!(told(&[project, keys[0], keys[1], url, caller]).contains("SUPABASE_PUBLISHABLE_KEY"));
}
