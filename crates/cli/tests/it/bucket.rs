//! The bucket's limits are said in three places, since three programs read them.

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
