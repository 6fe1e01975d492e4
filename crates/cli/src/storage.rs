//! From the configuration to the store.

use std::path::PathBuf;

use colophon_blobs::{Credentials, Limits, S3Settings, Store, SupabaseSettings};

use crate::config::{Config, Identity, Secret, StorageUrl};
use crate::failure::Usage;

/// What is signed for where nobody names a region; stores of one's own do not mind.
const REGION: &str = "us-east-1";

/// Opens the store. Nothing is asked of it yet.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    match &config.storage.url {
        None => Ok(Store::folder(&config.data_dir.join("objects"))?),
        Some(StorageUrl::Folder(folder)) => Ok(Store::folder(folder)?),
        Some(StorageUrl::S3 { bucket, endpoint, region, path_style }) => {
            let region = region.clone().or_else(|| config.storage.region.clone());
            // In an own house hosts seldom have a name for each bucket.
            let path_style = path_style.unwrap_or(endpoint.is_some());
            Ok(Store::s3(settings(config, bucket, endpoint.clone(), region, path_style)?)?)
        }
        Some(StorageUrl::Supabase { bucket, project }) => {
            let url = config.supabase.url.clone();
            let url =
                url.ok_or_else(|| Usage("supabase://… needs SUPABASE_URL, the project's address".into()))?;
            let endpoint = Some(format!("{url}/storage/v1/s3"));
            let settings = settings(config, bucket, endpoint, config.storage.region.clone(), true)?;
            let publishable_key = config.supabase.publishable_key.as_ref();
            let publishable_key = publishable_key.filter(|_| config.storage.identity == Identity::Caller);
            let supabase = Some(SupabaseSettings {
                project: project.clone().unwrap_or_else(|| reference(&url)),
                publishable_key: publishable_key.map(|key| key.expose().to_owned().into()),
                project_url: url,
            });
            Ok(Store::s3(S3Settings { supabase, ..settings })?)
        }
    }
}

/// As people say it.
pub fn name(config: &Config) -> String {
    match &config.storage.url {
        None => config.data_dir.join("objects").display().to_string(),
        Some(StorageUrl::Folder(folder)) => folder.display().to_string(),
        Some(StorageUrl::S3 { bucket, endpoint: None, .. }) => format!("s3://{bucket}"),
        Some(StorageUrl::S3 { bucket, endpoint: Some(endpoint), .. }) => {
            format!("s3://{bucket} at {endpoint}")
        }
        Some(StorageUrl::Supabase { bucket, .. }) => {
            format!(
                "supabase://{bucket} at {}",
                config.supabase.url.as_deref().unwrap_or("(no SUPABASE_URL)")
            )
        }
    }
}

/// The folder of the objects, where there is one.
pub fn folder(config: &Config) -> Option<PathBuf> {
    match &config.storage.url {
        None => Some(config.data_dir.join("objects")),
        Some(StorageUrl::Folder(folder)) => Some(folder.clone()),
        Some(_) => None,
    }
}

fn settings(
    config: &Config,
    bucket: &str,
    endpoint: Option<String>,
    region: Option<String>,
    path_style: bool,
) -> anyhow::Result<S3Settings> {
    let storage = &config.storage;
    let (Some(id), Some(secret)) = (&storage.access_key_id, &storage.secret_access_key) else {
        let what = "a bucket needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        return Err(Usage(what.into()).into());
    };
    let text = |secret: &Secret| secret.expose().to_owned();
    Ok(S3Settings {
        bucket: bucket.to_owned(),
        endpoint,
        region: region.unwrap_or_else(|| REGION.to_owned()),
        path_style,
        credentials: Credentials {
            access_key_id: text(id),
            secret_access_key: text(secret).into(),
            session_token: storage.session_token.as_ref().map(|token| text(token).into()),
        },
        supabase: None,
        temporary: config.data_dir.join("tmp"),
        limits: Limits::default(),
    })
}

/// A hosted project's reference is its host's first label.
fn reference(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.split(['.', ':', '/']).next().unwrap_or_default().to_owned()
}
