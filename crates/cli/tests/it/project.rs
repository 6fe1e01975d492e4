//! What of `supabase/` repeats what the program says, since other programs read it there.

use std::collections::BTreeSet;
use std::path::Path;

use colophon_service::DEFAULT_UPLOAD_LIMIT;
use colophon_testkit::TestDatabase;

/// A value of the bucket's section of `config.toml`, which has one `key = value` a line.
fn configured(key: &str) -> String {
    let config = include_str!("../../../../supabase/config.toml");
    let section = config.split("[storage.buckets.documents]").nth(1).expect("the bucket's section");
    let section = section.split("\n[").next().expect("a section");
    let line = section.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    line.unwrap_or_else(|| panic!("{key} in {section}")).trim().to_owned()
}

#[tokio::test(flavor = "current_thread")]
async fn the_migration_the_project_and_the_program_agree_on_the_bucket() {
    let db = TestDatabase::migrated().await;
    let sql =
        "select public, file_size_limit, allowed_mime_types from storage.buckets where id = 'documents'";
    let bucket = db.client("postgres").await.query_one(sql, &[]).await.expect("the bucket");
    assert!(!bucket.get::<_, bool>(0), "it is private");
    assert_eq!(configured("public"), "false");

    assert_eq!(u64::try_from(bucket.get::<_, i64>(1)), Ok(DEFAULT_UPLOAD_LIMIT));
    assert_eq!(configured("file_size_limit"), format!("\"{}GiB\"", DEFAULT_UPLOAD_LIMIT >> 30));

    let types: Vec<String> =
        serde_json::from_str(&configured("allowed_mime_types")).expect("a list of strings");
    assert_eq!(bucket.get::<_, Vec<String>>(2), types);
}

/// Names in the program's sources of variables that it takes.
fn variables(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("sources") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            found.extend(variables(&path));
        } else {
            let text = std::fs::read_to_string(&path).expect("text");
            let words = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
            let ours = |word: &&str| {
                ["COLOPHON_", "SUPABASE_"]
                    .iter()
                    .any(|start| word.len() > start.len() && word.starts_with(start))
            };
            found.extend(words.filter(ours).map(str::to_owned));
        }
    }
    found
}

#[test]
fn the_example_of_an_environment_has_every_variable_of_the_program_and_no_secret() {
    let example = include_str!("../../../../supabase/.env.example");
    let missing: Vec<String> = variables(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .into_iter()
        .filter(|name| !example.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "supabase/.env.example says nothing of {missing:?}");
    for line in example.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let secret = ["KEY", "SECRET", "TOKEN", "PASSWORD"].iter().any(|word| name.ends_with(word));
        assert!(!secret || value.is_empty(), "{name} has a value");
        assert!(
            !name.ends_with("_URL") || !value.contains("://postgres") || value.contains(":PASSWORD@"),
            "{name}"
        );
    }
}
