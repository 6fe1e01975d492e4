//! Whether rows agree with each other and with the store: what `colophon fsck` asks, and what it mends.

use colophon_domain::DocumentId;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::{Statement, statement};
use crate::{Result, SystemScope, Tx};

/// Questions about the state of the whole instance.
pub struct Fsck<'t>(pub(crate) &'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// Whether everything agrees.
    pub fn fsck(&self) -> Fsck<'_> {
        Fsck(self)
    }
}

/// What rows can say by themselves, without the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowCheck {
    /// Announced objects that never came.
    Intents,
    /// Released objects that are still there.
    Released,
    /// Versions whose object the ledger does not know.
    UnledgeredVersions,
    /// Files of exports that the ledger does not know.
    UnledgeredExports,
    /// Objects that no row names.
    Unnamed,
    /// Documents that differ from their current version.
    Documents,
    /// Documents whose current version is not there.
    CurrentVersions,
    /// Versions with another number of pages than rows for them.
    Pages,
    /// Shares of documents that are gone.
    Shares,
    /// Rows of documents that are gone.
    Rows,
    /// Live work without a job.
    Queue,
    /// Jobs without live work.
    Jobs,
    /// Documents in the trash beyond their time.
    Trash,
    /// Resumable uploads beyond theirs.
    Uploads,
    /// What documents are filtered and sorted by.
    Fields,
    /// What is counted of an owner.
    Usage,
}

/// What may still be under way, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Ages {
    /// How long the sweeper may take after something is due.
    pub overdue: f64,
    /// How long a released object is kept.
    pub release_grace: f64,
    /// How long a document stays in the trash; `None` for ever.
    pub trash_retention: Option<f64>,
}

/// A row that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFinding {
    /// The document it is about; the nil one where it is about none.
    pub document_id: DocumentId,
    /// The whole name of what is wrong: of an object, a document, a version, a row.
    pub key: String,
    /// In words.
    pub detail: String,
}

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub struct Totals {
    /// Documents, about.
    pub documents: u64,
    /// Entries of the ledger.
    pub objects: u64,
    /// Bytes of what is stored.
    pub bytes: u64,
    /// The database's time.
    pub time: Timestamp,
}

/// What the ledger says of an object, all documents that use it taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Key of the object.
    pub storage_path: String,
    /// Whether a document uses it.
    pub stored: bool,
    /// One of the documents.
    pub document_id: DocumentId,
    /// Its size; two where its users do not agree.
    pub bytes: Option<(i64, i64)>,
}

/// An object whose content is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// Key of the object.
    pub storage_path: String,
    /// A document that uses it.
    pub document_id: DocumentId,
    /// Its size.
    pub bytes: i64,
    /// Its SHA-256.
    pub sha256: String,
}

/// A version with a file, as its rows describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagesOf {
    /// The version.
    pub version: i32,
    /// Pages that it is said to have.
    pub page_count: Option<i32>,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Rows for pages.
    pub rows: i64,
}

impl Fsck<'_> {
    /// How much there is to look at.
    pub async fn totals(&self) -> Result<Totals> {
        let row = self.0.query_one(statement!("fsck/totals"), &[]).await?;
        let count = |name| Ok(u64::try_from(column::<i64>(&row, name)?).unwrap_or(0));
        Ok(Totals {
            documents: count("documents")?,
            objects: count("objects")?,
            bytes: count("bytes")?,
            time: column(&row, "time")?,
        })
    }

    /// What does not agree, after a finding, in the order of (`key`, `document_id`); `limit` at most.
    pub async fn find(
        &self,
        check: RowCheck,
        ages: Ages,
        after: Option<&RowFinding>,
        limit: i64,
    ) -> Result<Vec<RowFinding>> {
        let (key, document) = after.map_or(("", Uuid::nil()), |f| (f.key.as_str(), f.document_id.0));
        let overdue = ages.overdue;
        let plain: Params<'_> = &[&key, &document, &limit];
        let with_age: Params<'_> = &[&key, &document, &limit, &overdue];
        let (statement, params): (Statement, Params<'_>) = match check {
            RowCheck::Intents => (statement!("fsck/intents"), with_age),
            RowCheck::Released => {
                let params: Params<'_> = &[&key, &document, &limit, &overdue, &ages.release_grace];
                return self.rows(statement!("fsck/released"), params).await;
            }
            RowCheck::Trash => {
                let Some(retention) = ages.trash_retention else { return Ok(Vec::new()) };
                let params: Params<'_> = &[&key, &document, &limit, &overdue, &retention];
                return self.rows(statement!("fsck/trash"), params).await;
            }
            RowCheck::Uploads => (statement!("fsck/uploads"), with_age),
            RowCheck::UnledgeredVersions => (statement!("fsck/unledgered_versions"), plain),
            RowCheck::UnledgeredExports => (statement!("fsck/unledgered_exports"), plain),
            RowCheck::Unnamed => (statement!("fsck/unnamed"), plain),
            RowCheck::Documents => (statement!("fsck/documents"), plain),
            RowCheck::CurrentVersions => (statement!("fsck/current_versions"), plain),
            RowCheck::Pages => (statement!("fsck/pages"), plain),
            RowCheck::Shares => (statement!("fsck/shares"), plain),
            RowCheck::Rows => (statement!("fsck/rows"), plain),
            RowCheck::Queue => (statement!("fsck/queue"), with_age),
            RowCheck::Jobs => (statement!("fsck/jobs"), plain),
            RowCheck::Fields => (statement!("fsck/fields"), plain),
            RowCheck::Usage => (statement!("fsck/usage"), plain),
        };
        self.rows(statement, params).await
    }

    async fn rows(&self, statement: Statement, params: Params<'_>) -> Result<Vec<RowFinding>> {
        let decode = |row: &Row| {
            Ok(RowFinding {
                document_id: DocumentId(column(row, "document_id")?),
                key: column(row, "key")?,
                detail: column(row, "detail")?,
            })
        };
        self.0.query_planned(statement, params).await?.iter().map(decode).collect()
    }

    /// The ledger after `after`, in the order of the store's own list; `limit` objects at most.
    pub async fn ledger(&self, after: &str, limit: i64) -> Result<Vec<Entry>> {
        let rows = self.0.query_planned(statement!("fsck/ledger"), &[&after, &limit]).await?;
        rows.iter().map(decode_entry).collect()
    }

    /// What the ledger says of these objects now.
    pub async fn entries(&self, paths: &[&str]) -> Result<Vec<Entry>> {
        let rows = self.0.query(statement!("fsck/entries"), &[&paths]).await?;
        rows.iter().map(decode_entry).collect()
    }

    /// Those of these objects that a version or an export names, whatever the ledger says.
    pub async fn named(&self, paths: &[&str]) -> Result<Vec<String>> {
        let rows = self.0.query(statement!("fsck/named"), &[&paths]).await?;
        rows.iter().map(|row| column(row, "storage_path")).collect()
    }

    /// Objects whose content was found wrong earlier; `but` are known already.
    pub async fn failed(&self, but: &[String], limit: i64) -> Result<Vec<Unverified>> {
        let rows = self.0.query(statement!("fsck/failed"), &[&but, &limit]).await?;
        rows.iter().map(decode_unverified).collect()
    }

    /// Objects whose content was not looked at since then, those of the longest ago first; `but` are known already.
    pub async fn unverified(&self, since: Timestamp, but: &[String], limit: i64) -> Result<Vec<Unverified>> {
        let rows = self.0.query(statement!("fsck/unverified"), &[&since, &but, &limit]).await?;
        rows.iter().map(decode_unverified).collect()
    }

    /// Remembers that the content of these objects was looked at, and was right or wrong.
    pub async fn verified(&self, paths: &[String], right: bool) -> Result<u64> {
        self.0.execute(statement!("fsck/verified"), &[&paths, &right]).await
    }

    /// The SHA-256 that a stored object should have.
    pub async fn checksum(&self, path: &str) -> Result<Option<String>> {
        column(&self.0.query_one(statement!("fsck/checksum"), &[&path]).await?, "sha256")
    }

    /// Versions of a document that have this file.
    pub async fn pages_of(&self, document: DocumentId, path: &str) -> Result<Vec<PagesOf>> {
        let decode = |row: &Row| {
            Ok(PagesOf {
                version: column(row, "version")?,
                page_count: column(row, "page_count")?,
                sha256: column(row, "sha256")?,
                rows: column(row, "rows")?,
            })
        };
        let rows = self.0.query(statement!("fsck/pages_of"), &[&document.0, &path]).await?;
        rows.iter().map(decode).collect()
    }
}

fn decode_entry(row: &Row) -> Result<Entry> {
    let (least, most): (Option<i64>, Option<i64>) = (column(row, "least_bytes")?, column(row, "most_bytes")?);
    Ok(Entry {
        storage_path: column(row, "storage_path")?,
        stored: column(row, "stored")?,
        document_id: DocumentId(column(row, "document_id")?),
        bytes: least.zip(most),
    })
}

fn decode_unverified(row: &Row) -> Result<Unverified> {
    Ok(Unverified {
        storage_path: column(row, "storage_path")?,
        document_id: DocumentId(column(row, "document_id")?),
        bytes: column(row, "file_size_bytes")?,
        sha256: column(row, "sha256")?,
    })
}
