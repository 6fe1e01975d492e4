//! How corrections came through runs.

use colophon_domain::{CorrectionOutcome, DocumentId, NewCorrectionOutcome, OutcomeFilter, ZoneId};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Outcomes of documents that the scope may see.
pub struct CorrectionOutcomes<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// How corrections came through runs.
    pub fn correction_outcomes(&self) -> CorrectionOutcomes<'_, S> {
        CorrectionOutcomes(self)
    }
}

impl<S: Scope> CorrectionOutcomes<'_, S> {
    /// Puts down how corrections came through the run of this change, and settles what earlier runs left open and this
    /// one says otherwise.
    pub async fn insert(
        &self,
        document: DocumentId,
        revision: i64,
        outcomes: &[NewCorrectionOutcome],
    ) -> Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = outcomes.iter().map(|o| o.id).collect();
        let corrections: Vec<Option<Uuid>> = outcomes.iter().map(|o| o.correction_id).collect();
        let zones: Vec<Uuid> = outcomes.iter().map(|o| o.zone_id.0).collect();
        let names: Vec<&str> = outcomes.iter().map(|o| o.outcome.as_str()).collect();
        let groups: Vec<Value> = outcomes.iter().map(|o| json!(o.zone_ids)).collect();
        let candidates: Vec<&Value> = outcomes.iter().map(|o| &o.candidates).collect();
        let base: Vec<Option<&Value>> = outcomes.iter().map(|o| o.base.as_ref()).collect();
        let theirs: Vec<Option<&Value>> = outcomes.iter().map(|o| o.theirs.as_ref()).collect();
        let yours: Vec<Option<&Value>> = outcomes.iter().map(|o| o.yours.as_ref()).collect();
        let params: Params<'_> = &[
            &document.0,
            &revision,
            &ids,
            &corrections,
            &zones,
            &names,
            &groups,
            &candidates,
            &base,
            &theirs,
            &yours,
        ];
        self.0.execute(statement!("correction_outcomes/insert"), params).await?;
        self.0.execute(statement!("correction_outcomes/supersede"), &[&document.0, &revision]).await?;
        Ok(())
    }

    /// Outcomes of a document, newest first, after the outcome `after`; `limit` at most.
    pub async fn list(
        &self,
        document: DocumentId,
        filter: &OutcomeFilter,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<CorrectionOutcome>> {
        let outcome = filter.outcome.map(colophon_domain::Outcome::as_str);
        let zone = filter.zone_id.map(|zone| zone.0);
        let params: Params<'_> =
            &[&document.0, &outcome, &filter.open, &zone, &filter.revision, &after, &limit];
        let rows =
            self.0.reading(document).query_planned(statement!("correction_outcomes/list"), params).await?;
        rows.iter().map(decode).collect()
    }

    /// One outcome, held until the transaction ends.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn lock(&self, document: DocumentId, id: Uuid) -> Result<CorrectionOutcome> {
        let row = self.0.query_opt(statement!("correction_outcomes/lock"), &[&document.0, &id]).await?;
        let row = row.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "correction_outcomes/lock", format!("no correction outcome {id}"))
        })?;
        decode(&row)
    }

    /// Settles an outcome; with `group`, whatever else the same run left open of the same zones.
    pub async fn resolve(&self, document: DocumentId, id: Uuid, resolution: &str, group: bool) -> Result<()> {
        let person = self.0.person();
        let params: Params<'_> = &[&document.0, &id, &person, &resolution, &group];
        self.0.execute(statement!("correction_outcomes/resolve"), params).await?;
        Ok(())
    }

    /// Whether undoing these changes has a say in what waits for a person, though it may change no zone.
    pub async fn concerned(&self, document: DocumentId, revisions: &[i64]) -> Result<bool> {
        let params: Params<'_> = &[&document.0, &revisions];
        column(&self.0.query_one(statement!("correction_outcomes/concerned"), params).await?, "concerned")
    }

    /// Says anew what waits, after runs were undone or done again: what they settled by saying otherwise.
    pub async fn settle_again(&self, document: DocumentId) -> Result<()> {
        self.0.execute(statement!("correction_outcomes/settle_again"), &[&document.0]).await?;
        Ok(())
    }

    /// Puts the run's word for some fields in the place of the person's. False where there is no such zone.
    pub async fn update_zone(&self, document: DocumentId, zone: ZoneId, fields: &Value) -> Result<bool> {
        let params: Params<'_> = &[&document.0, &zone.0, fields];
        Ok(self.0.execute(statement!("correction_outcomes/update_zone"), params).await? == 1)
    }
}

fn decode(row: &Row) -> Result<CorrectionOutcome> {
    let zones: Vec<Uuid> = column(row, "zone_ids")?;
    Ok(CorrectionOutcome {
        document_id: DocumentId(column(row, "document_id")?),
        id: column(row, "id")?,
        correction_id: column(row, "correction_id")?,
        zone_id: ZoneId(column(row, "zone_id")?),
        revision: column(row, "revision")?,
        outcome: column(row, "outcome")?,
        zone_ids: zones.into_iter().map(ZoneId).collect(),
        candidates: column(row, "candidates")?,
        base: column(row, "base")?,
        theirs: column(row, "theirs")?,
        yours: column(row, "yours")?,
        created_at: column(row, "created_at")?,
        resolved_at: column(row, "resolved_at")?,
        resolved_by: column(row, "resolved_by")?,
        resolution: column(row, "resolution")?,
    })
}
