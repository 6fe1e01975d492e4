//! Promises of uploads that are gone on with.
#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use bytes::Bytes;
use colophon_blobs::{About, Error, Key, Resumption, Store};
use colophon_domain::{DocumentId, UserId};
use futures_util::TryStreamExt as _;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(&folder.path().join("objects")).unwrap();
    (folder, store)
}

fn key() -> Key {
    Key::version(UserId::new(), DocumentId::new())
}

/// As the caller's database keeps it.
fn kept(state: &Resumption) -> Resumption {
    serde_json::from_value(serde_json::to_value(state).unwrap()).unwrap()
}

async fn read(store: &Store, path: &str) -> Vec<u8> {
    let reader = store.read(path, None).await.unwrap();
    reader.bytes.map_ok(|bytes| bytes.to_vec()).try_concat().await.unwrap()
}

async fn sha256(store: &Store, bytes: &[u8]) -> String {
    let mut writer = store.write(key()).await.unwrap();
    writer.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    writer.finish().await.unwrap().sha256
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_durable_and_forgets_what_came_after() {
    let (_folder, store) = store();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut state = store.begin_resumable(key(), About::default()).await.unwrap();
    for end in [0, 1, 100_000, 131_072, 1_000_000, 1_000_001, 3_000_000] {
        let from = usize::try_from(state.size()).unwrap();
        let mut writer = store.resume(kept(&state)).await.unwrap();
        writer.write(Bytes::copy_from_slice(&bytes[from..end])).await.unwrap();
        state = writer.checkpoint().await.unwrap();
        assert_eq!(state.size(), end as u64);
        // What a crash leaves: bytes that no state knows of.
        writer.write(Bytes::from(vec![0; 300_000])).await.unwrap();
    }
    let stored = store.resume(kept(&state)).await.unwrap().finish().await.unwrap();
    assert_eq!((stored.size, stored.path.as_str()), (bytes.len() as u64, state.path()));
    assert_eq!(stored.sha256, sha256(&store, &bytes).await);
    assert!(read(&store, &stored.path).await == bytes);

    let again = store.resume(state).await.unwrap().finish().await.unwrap();
    assert_eq!(again, stored, "a lost answer is asked for again");
}

#[tokio::test]
async fn one_writer_may_make_durable_what_it_has_as_often_as_it_likes() {
    let (_folder, store) = store();
    let state = store.begin_resumable(key(), About::default()).await.unwrap();
    let mut writer = store.resume(state).await.unwrap();
    for size in 1..=5 {
        writer.write(Bytes::from_static(b"x")).await.unwrap();
        assert_eq!(writer.checkpoint().await.unwrap().size(), size);
    }
    assert_eq!(read(&store, &writer.finish().await.unwrap().path).await, b"xxxxx");
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing_behind() {
    let (folder, store) = store();
    let state = store.begin_resumable(key(), About::default()).await.unwrap();
    let mut writer = store.resume(state).await.unwrap();
    writer.write(Bytes::from(vec![7; 500_000])).await.unwrap();
    let state = writer.checkpoint().await.unwrap();
    store.discard(state.clone()).await.unwrap();
    store.discard(state.clone()).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("objects")).unwrap().count(), 0);
    assert!(matches!(store.resume(state).await, Err(Error::NotResumable { .. })));
}

#[tokio::test]
async fn an_upload_whose_bytes_were_lost_is_not_gone_on_with() {
    let (folder, store) = store();
    let state = store.begin_resumable(key(), About::default()).await.unwrap();
    let mut writer = store.resume(state).await.unwrap();
    writer.write(Bytes::from(vec![7; 10])).await.unwrap();
    let state = writer.checkpoint().await.unwrap();
    std::fs::write(folder.path().join("objects").join(state.path()), "short").unwrap();
    let Err(error) = store.resume(kept(&state)).await else { panic!("gone on with") };
    assert!(error.to_string().contains("begin it anew"), "{error}");

    let mut spoilt = serde_json::to_value(&state).unwrap();
    spoilt["sha256"] = "00".into();
    let spoilt = serde_json::from_value(spoilt).unwrap();
    assert!(matches!(store.resume(spoilt).await, Err(Error::NotResumable { .. })));
}
