//! What holds while nothing goes wrong.

use std::io::Read as _;

use colophon_blobs::About;

use super::*;

/// As somebody who has nothing but the link.
fn get(link: &str) -> http::Response<ureq::Body> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    ureq::Agent::new_with_config(config).get(link).call().unwrap()
}

#[tokio::test]
async fn what_is_written_is_read_whole_and_in_part_whatever_its_size() {
    let it = Fixture::new();
    for size in [0, 1, 5 << 20, (5 << 20) + 1, 10 << 20, 17_000_000] {
        let (key, written) = (key(), bytes(size));
        let stored = write(&it.store, key, &written).await.unwrap();
        assert_eq!((stored.size, stored.path.as_str()), (size as u64, key.to_string().as_str()));
        assert!(read(&it.store, &stored.path).await.unwrap() == written, "{size}");
        assert_eq!(it.store.head(&stored.path).await.unwrap().size, size as u64);
        let mut local = Vec::new();
        it.store.local_file(&stored.path).await.unwrap().read_to_end(&mut local).unwrap();
        assert!(local == written, "{size}");
    }
    assert_eq!(it.bucket.parts(), 0);
    assert_eq!(std::fs::read_dir(it.temporary.path()).unwrap().count(), 0, "what waited has no name");
}

#[tokio::test]
async fn a_part_is_read_and_one_behind_the_end_is_told() {
    let it = Fixture::new();
    let path = write(&it.store, key(), &bytes(1_000)).await.unwrap().path;
    let reader = it.store.read(&path, Some((990..5_000).into())).await.unwrap();
    assert_eq!((reader.range.clone(), reader.object_size), (990..1_000, 1_000));
    let part: Vec<u8> = reader.bytes.map_ok(|bytes| bytes.to_vec()).try_concat().await.unwrap();
    assert_eq!(part, bytes(1_000)[990..]);
    let behind = it.store.read(&path, Some((1_000..).into())).await;
    assert!(matches!(behind, Err(Error::OutOfRange { size: 1_000, .. })), "{behind:?}");
}

#[tokio::test]
async fn a_small_object_is_one_request() {
    let it = Fixture::new();
    write(&it.store, key(), &bytes(100_000)).await.unwrap();
    let seen = it.faults.seen();
    assert!(seen.len() == 1 && seen[0].starts_with("PUT "), "{seen:?}");
}

#[tokio::test]
async fn no_object_is_overwritten() {
    let it = Fixture::new();
    let key = key();
    write(&it.store, key, b"first").await.unwrap();
    let second = write(&it.store, key, b"the second").await;
    assert!(matches!(second, Err(Error::Exists { .. })), "{second:?}");
    assert_eq!(read(&it.store, &key.to_string()).await.unwrap(), b"first");
}

#[tokio::test]
async fn an_object_given_up_leaves_nothing_behind() {
    let it = Fixture::new();
    for finally in ["aborted", "dropped"] {
        let mut writer = it.store.write(key()).await.unwrap();
        writer.write(bytes(11 << 20).into()).await.unwrap();
        if finally == "aborted" {
            writer.abort().await.unwrap();
        } else {
            drop(writer);
            while !it.faults.seen().iter().any(|line| line.starts_with("DELETE ")) {
                tokio::task::yield_now().await;
            }
            while it.bucket.parts() > 0 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!((it.bucket.parts(), it.bucket.objects()), (0, Vec::new()), "{finally}");
    }
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_may_be_deleted_again() {
    let it = Fixture::new();
    let path = write(&it.store, key(), b"x").await.unwrap().path;
    it.store.delete(&path).await.unwrap();
    it.store.delete(&path).await.unwrap();
    assert!(matches!(it.store.read(&path, None).await, Err(Error::NotFound { .. })));
    assert!(matches!(it.store.head(&path).await, Err(Error::NotFound { .. })));
    assert!(matches!(it.store.local_file(&path).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn objects_are_listed_in_the_order_of_their_keys_from_anywhere() {
    let it = Fixture::new();
    for name in ["a/b", "a/c", "a.pdf", "b", "foreign file"] {
        std::fs::create_dir_all(it.bucket.folder().join(name).parent().unwrap()).unwrap();
        std::fs::write(it.bucket.folder().join(name), name).unwrap();
    }
    let listed = async |after: Option<&str>| -> Vec<String> {
        let listed: Vec<_> = it.store.list(after).try_collect().await.unwrap();
        listed.into_iter().map(|object| object.path).collect()
    };
    assert_eq!(listed(None).await, ["a.pdf", "a/b", "a/c", "b", "foreign file"]);
    assert_eq!(listed(Some("a/b")).await, ["a/c", "b", "foreign file"]);
}

#[tokio::test]
async fn a_signed_link_gives_the_file_under_its_name_and_not_when_it_is_tampered_with() {
    let it = Fixture::new();
    let path = write(&it.store, key(), b"the file").await.unwrap().path;
    let hour = Duration::from_hours(1);
    let link = it.store.signed_url(&path, Some("naïve.pdf"), hour).await.unwrap().unwrap();
    let mut answer = get(&link);
    assert_eq!(answer.status(), 200);
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.contains("filename*=UTF-8''na%C3%AFve.pdf"), "{disposition}");
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "the file");
    assert_eq!(get(&link.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")).status(), 403);
    assert_eq!(get(link.split('?').next().unwrap()).status(), 403);
    let soon = it.store.signed_url(&path, None, Duration::from_secs(1)).await.unwrap().unwrap();
    while get(&soon).status() == 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_store_knows_what_an_object_is_and_what_it_is_called() {
    let it = Fixture::new();
    let about = About { mime_type: None, filename: Some("文.pdf".to_owned()) };
    for size in [10, 6 << 20] {
        let mut writer = it.store.write_as(key(), about.clone()).await.unwrap();
        writer.write(bytes(size).into()).await.unwrap();
        let path = writer.finish().await.unwrap().path;
        let link = it.store.signed_url(&path, None, Duration::from_mins(1)).await.unwrap().unwrap();
        let answer = get(&link);
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        let disposition = answer.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.contains("UTF-8''%E6%96%87.pdf"), "{disposition}");
    }
}

#[tokio::test]
async fn wrong_keys_and_a_bucket_that_is_not_there_are_told_with_a_remedy() {
    let it = Fixture::new();
    let refused = async |change: fn(&mut S3Settings)| {
        let mut settings = settings(&it.bucket.endpoint(), &it.temporary);
        change(&mut settings);
        assert!(!format!("{settings:?}").contains("secret of the tests"), "{settings:?}");
        let error = Store::s3(settings).unwrap().probe().await.unwrap_err();
        assert!(!error.to_string().contains("secret of the tests"), "{error}");
        error
    };
    let error = refused(|settings| settings.credentials.access_key_id = "AKIASOMEBODY".to_owned()).await;
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
    let error = refused(|s| s.credentials.secret_access_key = "wrong".to_owned().into()).await;
    assert!(error.remedy().contains("AWS_SECRET_ACCESS_KEY"), "{error}");
    let error = refused(|settings| settings.bucket = "nowhere".to_owned()).await;
    assert!(error.remedy().contains("make the bucket"), "{error}");
    let error = refused(|settings| settings.endpoint = Some("http://127.0.0.1:1".to_owned())).await;
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_probe_leaves_nothing_behind_and_tells_that_strangers_may_not_read() {
    let it = Fixture::new();
    assert_eq!(it.store.probe().await.unwrap().is_public, Some(false));
    assert_eq!(it.bucket.objects(), Vec::<String>::new());
}
