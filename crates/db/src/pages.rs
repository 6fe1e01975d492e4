//! Pages of a version.

use colophon_domain::{DocumentId, Page};
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Pages that the scope may see.
pub struct Pages<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Pages of versions.
    pub fn pages(&self) -> Pages<'_, S> {
        Pages(self)
    }
}

impl<S: Scope> Pages<'_, S> {
    /// Stores every page of a version in one statement.
    pub async fn insert(&self, document: DocumentId, version: i32, pages: &[Page]) -> Result<()> {
        if pages.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i32> = pages.iter().map(|p| p.page_number).collect();
        let rotations: Vec<i16> = pages.iter().map(|p| p.rotation).collect();
        let floats = |value: fn(&Page) -> f64| pages.iter().map(value).collect::<Vec<f64>>();
        self.0
            .execute(
                statement!("pages/insert"),
                &[
                    &document.0,
                    &version,
                    &numbers,
                    &floats(|p| p.width),
                    &floats(|p| p.height),
                    &rotations,
                    &floats(|p| p.mediabox[0]),
                    &floats(|p| p.mediabox[1]),
                    &floats(|p| p.mediabox[2]),
                    &floats(|p| p.mediabox[3]),
                    &floats(|p| p.cropbox[0]),
                    &floats(|p| p.cropbox[1]),
                    &floats(|p| p.cropbox[2]),
                    &floats(|p| p.cropbox[3]),
                    &floats(|p| p.user_unit),
                ],
            )
            .await?;
        Ok(())
    }

    /// Pages of a version in order, after `after` (0 for the first); `limit` at most.
    pub async fn list(
        &self,
        document: DocumentId,
        version: i32,
        after: i32,
        limit: i64,
    ) -> Result<Vec<Page>> {
        self.0
            .reading(document)
            .query(statement!("pages/list"), &[&document.0, &version, &after, &limit])
            .await?
            .iter()
            .map(decode)
            .collect()
    }
}

fn decode(row: &Row) -> Result<Page> {
    let four = |name: &'static str| -> Result<[f64; 4]> {
        let numbers: Vec<f64> = column(row, name)?;
        numbers.try_into().map_err(|_| {
            Error::new(ErrorKind::Corrupt, "pages/list", format!("column {name}: not four numbers"))
        })
    };
    Ok(Page {
        page_number: column(row, "page_number")?,
        width: column(row, "width")?,
        height: column(row, "height")?,
        rotation: column(row, "rotation")?,
        mediabox: four("mediabox")?,
        cropbox: four("cropbox")?,
        user_unit: column(row, "user_unit")?,
    })
}
