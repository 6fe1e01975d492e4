//! Resumable uploads whose time is over.

use std::path::Path;

use colophon_domain::{Upload, UserId};
use colophon_service::uploads::{self, Part, Wanted};
use colophon_testkit::{TestDatabase, as_user};
use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;

use crate::rows::platform;

#[tokio::test]
async fn an_upload_that_has_expired_goes_with_all_that_came_of_it_and_no_other_does() {
    let test = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let platform = platform(test.database().await, folder.path());
    let owner = UserId::new();
    let mut begun = Vec::new();
    for name in ["expired", "written by another server", "open"] {
        let upload = begin(&platform, owner, name).await;
        assert_eq!(upload.upload_offset, 5);
        assert!(object(folder.path(), &upload));
        begun.push(upload);
    }
    let client = test.client("postgres").await;
    let change = async |upload: &Upload, columns: &str| {
        let statement = format!("update colophon.uploads set {columns} where id = '{}'", upload.id);
        client.batch_execute(&statement).await.unwrap();
    };
    let [expired, written, open] = &begun[..] else { unreachable!() };
    change(expired, "expires_at = now()").await;
    let lease = "lease_holder = gen_random_uuid(), lease_until = now() + interval '1 h'";
    change(written, &format!("expires_at = now(), {lease}")).await;
    // One that has ended is forgotten, and nothing else of it.
    let refused = begin(&platform, owner, "refused").await;
    change(&refused, "resumption = null, refusal = '{}', expires_at = now()").await;

    assert_eq!(uploads::expire(&platform, 10).await.unwrap(), 2);
    assert_eq!(uploads::expire(&platform, 10).await.unwrap(), 0);
    for upload in [expired, &refused] {
        let gone = uploads::find(&platform, owner, upload.id).await;
        assert!(matches!(gone, Err(uploads::Error::NotFound { .. })), "{gone:?}");
    }
    assert!(!object(folder.path(), expired));
    for upload in [written, open, &refused] {
        assert!(object(folder.path(), upload), "{}", upload.details);
    }
    let announced = "select count(*)::int from colophon.objects where state = 'intended'";
    assert_eq!(client.query_one(announced, &[]).await.unwrap().get::<_, i32>(0), 3);
}

/// An upload with its first five bytes.
async fn begin(platform: &colophon_service::Platform, owner: UserId, name: &str) -> Upload {
    let wanted = Wanted {
        filename: name.to_owned(),
        metadata: Map::new(),
        tags: Vec::new(),
        process: None,
        document: None,
        reason: None,
        on_duplicate: None,
    };
    let scope = as_user(owner);
    let upload = uploads::create(platform, &scope, owner, 1_000, None, &wanted).await.unwrap();
    let part = Part { id: upload.id, offset: 0, length: Some(5), checksum: None };
    let body = futures_util::stream::iter([Ok::<_, std::io::Error>(b"%PDF-".as_slice().into())]);
    let stop = CancellationToken::new();
    uploads::append(platform, &scope, owner, part, body, &stop, |error| json!(error.to_string()))
        .await
        .unwrap()
}

fn object(folder: &Path, upload: &Upload) -> bool {
    folder.join(&upload.storage_path).exists()
}
