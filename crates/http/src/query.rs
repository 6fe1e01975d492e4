//! What callers put into the path, the query and the body, refused as problems rather than as plain text.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{App, BODY_LIMIT, Problem};

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

/// A body in JSON.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, app).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("the body is larger than {BODY_LIMIT} bytes, the most that is taken");
                Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail))
            }
            Err(error) => Err(Problem::bad_request("invalid_json", error.body_text())),
        }
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
