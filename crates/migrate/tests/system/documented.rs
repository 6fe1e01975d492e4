//! The feature table names a test in every row, and each of them is there.

use std::fs;
use std::path::Path;

#[test]
fn every_row_of_the_feature_table_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read =
        |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let table = read("docs/migrations.md");
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.matches('|').count() == 11)
        .skip(1)
        .collect();
    assert!(rows.len() > 15, "the table has another form now");
    for row in rows {
        let shown = row.rsplit('|').nth(1).expect("a last cell");
        let names: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test is named: {row}");
        for name in names {
            let (file, test) = match name.split_once("::") {
                None => ("crates/cli/tests/migrate.rs".to_owned(), name),
                Some((module, test)) if test.starts_with("tests::") => {
                    (format!("crates/migrate/src/{module}.rs"), &test["tests::".len()..])
                }
                Some((module, test)) => (format!("crates/migrate/tests/system/{module}.rs"), test),
            };
            assert!(read(&file).contains(&format!("fn {test}(")), "{name} is not in {file}");
        }
    }
}
