//! A folder of migrations, and what a database holds.

use std::path::{Path, PathBuf};

use colophon_migrate::{Migration, Migrator, Options, read_folder};
use colophon_testkit::TestDatabase;
use tokio_postgres::Client;

/// A `supabase/` folder of a test's own.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("supabase/migrations")).expect("a folder");
        std::fs::create_dir_all(folder.path().join("supabase/rollbacks")).expect("a folder");
        Self(folder)
    }

    /// Two tables, then a column, each with its way back.
    pub fn of_three() -> Self {
        let folder = Self::new();
        folder.write(
            "20260101000000_books",
            "-- Books.\ncreate table public.books (id bigint primary key, title text not null);",
            "drop table public.books;",
        );
        folder.write(
            "20260102000000_pages",
            "create table public.pages (book bigint references public.books (id), number int, primary key (book, number));
             create index pages_number_idx on public.pages (number);",
            "drop table public.pages;",
        );
        folder.write(
            "20260103000000_author",
            "alter table public.books add column author text;",
            "alter table public.books drop column author;",
        );
        folder
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("supabase")
    }

    pub fn write(&self, stem: &str, up: &str, down: &str) {
        std::fs::write(self.path().join(format!("migrations/{stem}.sql")), up).expect("a file");
        std::fs::write(self.path().join(format!("rollbacks/{stem}.sql")), down).expect("a file");
    }

    pub fn read(&self) -> Vec<Migration> {
        read_folder(&self.path()).expect("files")
    }

    pub async fn migrator(&self, db: &TestDatabase) -> Migrator {
        self.migrator_with(db, Options::default()).await
    }

    pub async fn migrator_with(&self, db: &TestDatabase, options: Options) -> Migrator {
        let migrator = Migrator::connect(&db.url("postgres")).await.expect("it connects");
        migrator.with_files(self.read()).with_options(options)
    }
}

/// The versions that the Supabase CLI's table holds.
pub async fn versions(client: &Client) -> Vec<String> {
    let sql = "select version from supabase_migrations.schema_migrations order by version";
    client.query(sql, &[]).await.expect("the history").iter().map(|row| row.get(0)).collect()
}

/// One value of a statement.
pub async fn ask(client: &Client, sql: &str) -> String {
    let sql = format!("select ({sql})::text");
    client.query_one(&sql, &[]).await.expect("an answer").get::<_, Option<String>>(0).unwrap_or_default()
}
