//! What people said of tools' findings.

use colophon_domain::{CalibrationFilter, Verdicts};
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Verdicts on the zones of documents that the scope may see.
pub struct Calibrations<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Verdicts.
    pub fn calibration(&self) -> Calibrations<'_, S> {
        Calibrations(self)
    }
}

impl<S: Scope> Calibrations<'_, S> {
    /// Verdicts counted by tool, model, type and tenth of confidence. Corrections that were undone do not count.
    pub async fn verdicts(&self, filter: &CalibrationFilter) -> Result<Vec<Verdicts>> {
        let CalibrationFilter { processing_tool, processing_model, zone_type, since } = filter;
        let statement = statement!("calibration/verdicts");
        let rows = self.0.query(statement, &[processing_tool, processing_model, zone_type, since]).await?;
        rows.iter().map(decode).collect()
    }
}

fn decode(row: &Row) -> Result<Verdicts> {
    let count = |name| {
        let count: i64 = column(row, name)?;
        let refuse = |_| Error::new(ErrorKind::Corrupt, "calibration/verdicts", format!("{name} is {count}"));
        u64::try_from(count).map_err(refuse)
    };
    Ok(Verdicts {
        processing_tool: column(row, "processing_tool")?,
        processing_model: column(row, "processing_model")?,
        zone_type: column(row, "zone_type")?,
        bucket: usize::try_from(column::<i32>(row, "bucket")?).unwrap_or(0),
        verdicts: count("verdicts")?,
        changed: count("changed")?,
        confidence_sum: column(row, "confidence_sum")?,
    })
}
