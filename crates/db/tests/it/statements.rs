//! Every statement file is named by a module, is prepared by the migrated schema, and stands in one catalog.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use colophon_testkit::TestDatabase;

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `noun/verb` and the text of each statement.
fn statements() -> Vec<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    files(&source, "sql")
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&source).expect("it is below").with_extension("");
            (name.to_string_lossy().into_owned(), fs::read_to_string(&path).expect("it can be read"))
        })
        .collect()
}

#[test]
fn no_statement_file_is_left_that_no_module_runs() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let code: String =
        files(&source, "rs").iter().map(|path| fs::read_to_string(path).expect("read")).collect();
    let unused: Vec<_> = statements()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !code.contains(&format!("statement!(\"{name}\"")))
        .collect();
    assert!(unused.is_empty(), "no module runs {unused:?}");
}

#[test]
fn every_statement_says_its_name_first() {
    for (name, sql) in statements() {
        assert!(sql.starts_with(&format!("-- {name}: ")), "{name} begins with {:?}", sql.lines().next());
        // A job's step is one statement, whatever follows from it: attempts, records, history, documents.
        let most = if name.starts_with("queue/") { 120 } else { 60 };
        assert!(sql.lines().count() <= most, "{name} is too long to be read in one breath");
    }
}

#[tokio::test]
async fn every_statement_prepares_against_the_schema() {
    let db = TestDatabase::migrated().await;
    let client = db.client("service_role").await;
    let mut catalog = String::new();
    for (name, sql) in statements() {
        let statement = client.prepare(&sql).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let parameters: Vec<_> = statement.params().iter().map(ToString::to_string).collect();
        let columns: Vec<_> = statement
            .columns()
            .iter()
            .map(|column| format!("{} {}", column.name(), column.type_()))
            .collect();
        writeln!(catalog, "{name}: ({})", parameters.join(", ")).expect("text");
        if !columns.is_empty() {
            writeln!(catalog, "  → {}", columns.join(", ")).expect("text");
        }
    }
    insta::assert_snapshot!("statements", catalog);
}
