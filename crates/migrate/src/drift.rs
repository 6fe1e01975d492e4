//! The live catalog against the one that the files make.

use crate::Error;
use crate::catalog::{self, Difference, Object};
use crate::history;
use crate::runner::Migrator;
use crate::scratch::Scratch;

/// An object that is not as the applied migrations make it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Drift {
    /// `table`, `column`, `index`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// For people: `column public.zones.foo exists and no migration made it`.
    pub message: String,
}

impl From<Difference> for Drift {
    fn from(difference: Difference) -> Self {
        let Object { kind, name, .. } = difference.object;
        let message = match (difference.expected, difference.found) {
            (None, _) => format!("{kind} {name} exists and no migration made it"),
            (_, None) => format!("{kind} {name} is missing, though a migration made it"),
            (Some(expected), Some(found)) => {
                let (expected, found) = where_they_part(&expected, &found);
                format!("{kind} {name} is `{found}`, where the migrations make `{expected}`")
            }
        };
        Self { kind, name, message }
    }
}

impl Migrator {
    /// Replays the applied migrations in a scratch database and compares. Files that are not applied do not count.
    ///
    /// # Errors
    /// A scratch database cannot be made, or a file does not run in it.
    pub async fn drift(&self) -> Result<Vec<Drift>, Error> {
        let applied = history::rows(&self.client, false).await?;
        let files: Vec<_> = self
            .files
            .iter()
            .filter(|m| applied.iter().any(|row| row.version == m.version))
            .copied()
            .collect();
        let scratch = Scratch::make(&self.connector).await?;
        let replayed = async {
            let migrator = scratch.migrator(files).await?;
            migrator.up_to(None, &mut |_| {}).await?;
            catalog::read(&migrator.client).await
        };
        let expected = replayed.await;
        scratch.drop().await?;
        let found = catalog::read(&self.client).await?;
        let mut expected = expected?;
        // What the platform installs of itself is not drift, and a scratch database need not have it.
        let platform: Vec<_> = found
            .iter()
            .filter(|(object, _)| object.kind == "extension")
            .map(|(o, d)| (o.clone(), d.clone()))
            .collect();
        expected.extend(platform);
        Ok(catalog::differences(&expected, &found).into_iter().map(Drift::from).collect())
    }
}

/// Long definitions are shown from a little before their first difference.
fn where_they_part(a: &str, b: &str) -> (String, String) {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let from = if a.len().max(b.len()) > 120 { same.saturating_sub(30) } else { 0 };
    let cut = |text: &str| {
        let part: String = text.chars().skip(from).take(120).collect();
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        if from > 0 { format!("…{part}") } else { part }
    };
    (cut(a), cut(b))
}
