//! Which bucket, where, and with which keys.

use std::path::PathBuf;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::HttpClient;
use object_store::{BackoffConfig, RetryConfig};

use super::http::Shared;

/// A bucket and how it is reached.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The bucket's name.
    pub bucket: String,
    /// Where the store is, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// Whether the bucket stands in the path rather than in the host's name.
    pub path_style: bool,
    /// The platform's own keys.
    pub credentials: Credentials,
    /// What a Supabase project has besides.
    pub supabase: Option<SupabaseSettings>,
    /// Where parts wait to be sent and objects to be read by other programs. One folder for one program at a time.
    pub temporary: PathBuf,
    /// How long anything may take.
    pub limits: Limits,
}

/// A Supabase project, whose policies can decide who may do what.
#[derive(Debug, Clone)]
pub struct SupabaseSettings {
    /// `https://<project>.supabase.co`.
    pub project_url: String,
    /// The access key of whoever comes with a token of their own: the project's reference.
    pub project: String,
    /// And its secret: the publishable key.
    pub publishable_key: Option<Secret>,
}

/// What requests are signed with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret,
    /// The token of a session, where the keys are of a session.
    pub session_token: Option<Secret>,
}

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(set)")
    }
}

/// How long anything may take before it counts as failed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Without a byte.
    pub stall: Duration,
    /// Attempts after the first.
    pub retries: usize,
    /// After this no further attempt is begun.
    pub patience: Duration,
    /// Before the second attempt; doubled before each other.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            retries: 5,
            patience: Duration::from_secs(90),
            pause: Duration::from_millis(100),
        }
    }
}

impl S3Settings {
    /// As people say it: `s3://bucket at https://…`.
    pub fn name(&self) -> String {
        let endpoint = self.endpoint.as_deref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
        format!("s3://{}{endpoint}", self.bucket)
    }

    pub(super) fn of_caller(&self, token: &str) -> Option<Credentials> {
        let supabase = self.supabase.as_ref()?;
        Some(Credentials {
            access_key_id: supabase.project.clone(),
            secret_access_key: supabase.publishable_key.clone()?,
            session_token: Some(Secret(token.to_owned())),
        })
    }

    /// Where anybody would find an object if the bucket were public.
    pub(super) fn public_url(&self, path: &str) -> String {
        match (&self.supabase, &self.endpoint) {
            (Some(SupabaseSettings { project_url, .. }), _) => {
                format!("{project_url}/storage/v1/object/public/{}/{path}", self.bucket)
            }
            (None, Some(_)) => format!("{}/{path}", self.bucket_endpoint().unwrap_or_default()),
            (None, None) => format!("https://{}.s3.{}.amazonaws.com/{path}", self.bucket, self.region),
        }
    }

    /// The endpoint with the bucket, in the path or in the name.
    fn bucket_endpoint(&self) -> Option<String> {
        let endpoint = self.endpoint.as_deref()?.trim_end_matches('/');
        if self.path_style {
            return Some(format!("{endpoint}/{}", self.bucket));
        }
        let (scheme, host) = endpoint.split_once("://")?;
        Some(format!("{scheme}://{}.{host}", self.bucket))
    }
}

/// The client for a bucket.
pub(super) fn build(
    settings: &S3Settings,
    credentials: &Credentials,
    http: &HttpClient,
) -> object_store::Result<AmazonS3> {
    let limits = &settings.limits;
    let retry = RetryConfig {
        backoff: BackoffConfig { init_backoff: limits.pause, max_backoff: limits.pause * 50, base: 2.0 },
        max_retries: limits.retries,
        retry_timeout: limits.patience,
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_access_key_id(&credentials.access_key_id)
        .with_secret_access_key(&credentials.secret_access_key.0)
        .with_allow_http(true)
        // One request for one object, as every store understands it.
        .with_disable_bulk_delete(true)
        .with_retry(retry)
        .with_http_connector(Shared(http.clone()));
    if let Some(token) = &credentials.session_token {
        builder = builder.with_token(&token.0);
    }
    // For a bucket in the host's name the client wants the whole address.
    let endpoint = if settings.path_style { settings.endpoint.clone() } else { settings.bucket_endpoint() };
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    builder.build()
}
