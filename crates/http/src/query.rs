//! What callers put into the path and the query, refused as problems rather than as plain text.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{App, Problem};

/// Rows of a list unless asked otherwise.
const DEFAULT_LIMIT: u16 = 50;
/// Rows of a list at most.
const MAX_LIMIT: u16 = 1_000;

/// Path parameters. One that is no identifier names nothing, so it is "not found".
#[derive(Debug)]
pub struct Ids<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(ids) = Path::<T>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::not_found("such thing (the path holds no identifier)"))?;
        Ok(Self(ids))
    }
}

/// Query parameters.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Query(params) = Query::<T>::from_request_parts(parts, app)
            .await
            .map_err(|error| Problem::bad_request("invalid_query", error.body_text()))?;
        Ok(Self(params))
    }
}

/// How many rows to give.
pub fn limit(asked: Option<u16>) -> Result<u16, Problem> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Some(limit) => Err(Problem::bad_request(
            "invalid_query",
            format!("limit: {limit} is not between 1 and {MAX_LIMIT}"),
        )),
    }
}

/// A parameter in a type of the domain.
pub fn parse<T>(asked: Option<&str>) -> Result<Option<T>, Problem>
where
    T: std::str::FromStr<Err = colophon_domain::Invalid>,
{
    asked.map(str::parse).transpose().map_err(|invalid: colophon_domain::Invalid| {
        Problem::bad_request("invalid_query", invalid.to_string())
    })
}
