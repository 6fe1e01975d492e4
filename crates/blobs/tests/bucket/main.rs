//! Promises of a store in a bucket, against an S3 server of others.
#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod faults;
mod ordinary;
mod resumable;

use std::time::Duration;

use bytes::Bytes;
use colophon_blobs::{Credentials, Error, Key, Limits, S3Settings, Store, Stored};
use colophon_domain::{DocumentId, UserId};
use colophon_testkit::{Bucket, Faults};
use futures_util::TryStreamExt as _;

/// A bucket, the way to it on which things may go wrong, and a store that goes this way.
struct Fixture {
    bucket: Bucket,
    faults: Faults,
    store: Store,
    temporary: tempfile::TempDir,
}

/// Short enough for a test that waits for each of them, long enough for a busy machine: a server of others that is left
/// while it completes an upload may forget the parts.
fn impatient() -> Limits {
    Limits {
        connect: Duration::from_secs(1),
        stall: Duration::from_secs(3),
        retries: 2,
        patience: Duration::from_secs(4),
        pause: Duration::from_millis(10),
    }
}

impl Fixture {
    fn new() -> Self {
        let bucket = Bucket::start();
        let faults = Faults::before(bucket.address);
        let temporary = tempfile::tempdir().unwrap();
        let store = Store::s3(settings(&faults.endpoint(), &temporary)).unwrap();
        Self { bucket, faults, store, temporary }
    }

    /// A store that goes straight to the bucket.
    fn undisturbed(&self) -> Store {
        Store::s3(settings(&self.bucket.endpoint(), &self.temporary)).unwrap()
    }
}

fn settings(endpoint: &str, temporary: &tempfile::TempDir) -> S3Settings {
    S3Settings {
        bucket: Bucket::NAME.to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: Bucket::REGION.to_owned(),
        path_style: true,
        credentials: Credentials {
            access_key_id: Bucket::ACCESS_KEY_ID.to_owned(),
            secret_access_key: Bucket::SECRET_ACCESS_KEY.to_owned().into(),
            session_token: None,
        },
        supabase: None,
        temporary: temporary.path().to_owned(),
        limits: impatient(),
    }
}

fn key() -> Key {
    Key::version(UserId::new(), DocumentId::new())
}

/// Bytes that differ from part to part.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from((n ^ (n >> 8) ^ (n >> 16)) & 0xff).unwrap()).collect()
}

async fn write(store: &Store, key: Key, bytes: &[u8]) -> Result<Stored, Error> {
    let mut writer = store.write(key).await?;
    for chunk in bytes.chunks(300_007) {
        writer.write(Bytes::copy_from_slice(chunk)).await?;
    }
    writer.finish().await
}

async fn read(store: &Store, path: &str) -> Result<Vec<u8>, Error> {
    let reader = store.read(path, None).await?;
    reader
        .bytes
        .try_fold(Vec::new(), async |mut all, part| {
            all.extend_from_slice(&part);
            Ok(all)
        })
        .await
}
