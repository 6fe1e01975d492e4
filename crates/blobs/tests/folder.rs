//! Promises of a store in a folder.
#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use bytes::Bytes;
use colophon_blobs::{Error, Key, Store};
use colophon_domain::{DocumentId, UserId};
use futures_util::TryStreamExt;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(&folder.path().join("objects")).unwrap();
    (folder, store)
}

fn key() -> Key {
    Key::version(UserId::new(), DocumentId::new())
}

fn everything_in(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn what_is_written_is_read_whole_and_in_part() {
    let (_folder, store) = store();
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut writer = store.write(key()).await.unwrap();
    for chunk in bytes.chunks(70_001) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    let stored = writer.finish().await.unwrap();
    assert_eq!(stored.size, bytes.len() as u64);
    assert_eq!(stored.sha256.len(), 64);

    let whole = store.read(&stored.path, None).await.unwrap();
    assert_eq!(whole.object_size, stored.size);
    let whole: Vec<u8> = whole.bytes.map_ok(|b| b.to_vec()).try_concat().await.unwrap();
    assert!(whole == bytes);

    let part = store.read(&stored.path, Some((9_000_000..9_000_010).into())).await.unwrap();
    assert_eq!(part.range, 9_000_000..9_000_010);
    let part: Vec<u8> = part.bytes.map_ok(|b| b.to_vec()).try_concat().await.unwrap();
    assert_eq!(part, &bytes[9_000_000..9_000_010]);
}

#[tokio::test]
async fn the_checksum_is_the_one_everybody_computes() {
    let (_folder, store) = store();
    let mut writer = store.write(key()).await.unwrap();
    writer.write(Bytes::from_static(b"abc")).await.unwrap();
    // FIPS 180-2, appendix B.1
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(writer.finish().await.unwrap().sha256, expected);
}

#[tokio::test]
async fn an_object_given_up_leaves_nothing_behind() {
    let (folder, store) = store();
    let mut writer = store.write(key()).await.unwrap();
    writer.write(Bytes::from(vec![7; 9_000_000])).await.unwrap();
    assert_eq!(everything_in(folder.path()).len(), 1, "a part is on the disk");
    writer.abort().await.unwrap();
    assert!(everything_in(folder.path()).is_empty());
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_may_be_deleted_again() {
    let (folder, store) = store();
    let stored = store.write(key()).await.unwrap().finish().await.unwrap();
    store.delete(&stored.path).await.unwrap();
    store.delete(&stored.path).await.unwrap();
    assert!(everything_in(folder.path()).is_empty());
    assert!(matches!(store.read(&stored.path, None).await, Err(Error::NotFound { .. })));
    assert!(matches!(store.open(&stored.path), Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_probe_tells_whether_objects_can_be_kept_and_leaves_nothing_behind() {
    let (folder, store) = store();
    store.probe().await.unwrap();
    assert!(everything_in(folder.path()).is_empty());
    let probes = folder.path().join("objects/probes");
    assert!(!probes.exists());
    std::fs::write(&probes, "a file in the place of the folder").unwrap();
    assert!(matches!(store.probe().await, Err(Error::Store { .. })));
}
