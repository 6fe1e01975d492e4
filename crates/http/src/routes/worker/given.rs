//! A batch of jobs, read item by item: what is wrong with one is that one's.

use std::collections::HashSet;
use std::io::Read as _;

use axum::extract::Request;
use axum::http::StatusCode;
use colophon_db::queue::Lease;
use colophon_domain::Invalid;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{LIMIT, MOST};
use crate::routes::upload::breakable;
use crate::spool::{Spooled, spool};
use crate::{App, Problem};

/// A batch whose items are not read yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    jobs: Vec<Box<RawValue>>,
    pub lease_seconds: Option<u32>,
}

/// The items of a batch.
#[derive(Debug)]
pub struct Items<T> {
    /// Those that can be taken, in the order of the request.
    pub taken: Vec<T>,
    /// Each item as it names itself, and what is wrong with it.
    pub results: Vec<(Value, Option<Invalid>)>,
}

/// What an item calls itself, whatever else is wrong with it.
#[derive(Debug, Default, Deserialize)]
struct Named {
    job_id: Option<Value>,
    lease_seq: Option<Value>,
}

impl Batch {
    pub async fn read(app: &App, request: Request) -> Result<Self, Problem> {
        let body = spool(breakable(request.into_body(), app.broken_off.clone()), LIMIT).await?;
        let parsed = tokio::task::spawn_blocking(move || parse(body)).await;
        let batch: Self = parsed.map_err(|error| {
            let detail = format!("the body cannot be read: {error}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        })??;
        if batch.jobs.is_empty() || batch.jobs.len() > MOST {
            let detail = format!("jobs: {} of them; 1 to {MOST} is what one request takes", batch.jobs.len());
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail));
        }
        Ok(batch)
    }

    /// Reads each. A job that is named twice is taken once.
    pub fn items<G: DeserializeOwned, T>(self, read: impl Fn(G) -> Result<(Lease, T), Invalid>) -> Items<T> {
        let mut items = Items { taken: Vec::with_capacity(self.jobs.len()), results: Vec::new() };
        let mut seen = HashSet::new();
        for raw in self.jobs {
            let given = serde_json::from_str::<G>(raw.get()).map_err(|e| Invalid::new("jobs", e.to_string()));
            let taken = given.and_then(&read).and_then(|(lease, item)| {
                let is_new = seen.insert(lease.job_id);
                let named = json!({ "job_id": lease.job_id, "lease_seq": lease.lease_seq });
                if is_new {
                    Ok((named, item))
                } else {
                    Err(Invalid::new(
                        "job_id",
                        "is named twice in this request; only the first one was taken",
                    ))
                }
            });
            match taken {
                Ok((named, item)) => {
                    items.taken.push(item);
                    items.results.push((named, None));
                }
                Err(invalid) => {
                    let named: Named = serde_json::from_str(raw.get()).unwrap_or_default();
                    let named = json!({ "job_id": named.job_id, "lease_seq": named.lease_seq });
                    items.results.push((named, Some(invalid)));
                }
            }
        }
        items
    }
}

fn parse(body: Spooled) -> Result<Batch, Problem> {
    let bytes = match body {
        Spooled::Memory(memory) => memory.into_inner(),
        Spooled::File(mut file) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|error| {
                tracing::error!(%error, "a body that was put aside cannot be read");
                let detail = "the server cannot read the body that it put aside; send it again";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            })?;
            bytes
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let detail =
            format!("{error}; the body is to be {{\"jobs\": [{{\"job_id\": …, \"lease_seq\": …}}, …]}}");
        Problem::bad_request("invalid_json", detail)
    })
}
