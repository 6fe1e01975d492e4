//! Uploads that are gone on with.

use colophon_blobs::{About, ResumableWriter, Resumption};

use super::*;

/// As the caller's database keeps it.
fn kept(state: &Resumption) -> Resumption {
    serde_json::from_value(serde_json::to_value(state).unwrap()).unwrap()
}

async fn begin(store: &Store) -> Resumption {
    store.begin_resumable(key(), About::default()).await.unwrap()
}

async fn put(writer: &mut ResumableWriter, bytes: &[u8]) {
    writer.write(Bytes::copy_from_slice(bytes)).await.unwrap();
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_durable_and_forgets_what_came_after() {
    let it = Fixture::new();
    let written = bytes(17_000_000);
    let mut state = begin(&it.store).await;
    let part = 5 << 20;
    for end in [0, 1, 100_000, part - 1, part, part + 1, 2 * part, 2 * part + 70_001, 17_000_000] {
        let from = usize::try_from(state.size()).unwrap();
        let mut writer = it.store.resume(kept(&state)).await.unwrap();
        put(&mut writer, &written[from..end]).await;
        state = writer.checkpoint().await.unwrap();
        assert_eq!(state.size(), end as u64);
        // What a crash leaves: bytes that no state knows of.
        put(&mut writer, &vec![0; 300_000]).await;
    }
    let stored = it.store.resume(kept(&state)).await.unwrap().finish().await.unwrap();
    assert_eq!((stored.size, stored.path.as_str()), (written.len() as u64, state.path()));
    assert!(read(&it.store, &stored.path).await.unwrap() == written);
    assert_eq!(stored.sha256, write(&it.store, key(), &written).await.unwrap().sha256);
    let rests = it.bucket.objects().into_iter().filter(|object| object.contains(".rest"));
    assert_eq!(rests.collect::<Vec<_>>(), Vec::<String>::new());

    let again = it.store.resume(state).await.unwrap().finish().await.unwrap();
    assert_eq!(again, stored, "a lost answer is asked for again");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_bytes_and_with_no_others() {
    let it = Fixture::new();
    for size in [1_000, 12 << 20] {
        let written = bytes(size);
        let mut writer = it.store.resume(begin(&it.store).await).await.unwrap();
        put(&mut writer, &written[..size / 2]).await;
        let state = writer.checkpoint().await.unwrap();
        put(&mut writer, &written[size / 2..]).await;
        let stored = writer.finish().await.unwrap();

        let mut again = it.store.resume(kept(&state)).await.unwrap();
        put(&mut again, &written[size / 2..]).await;
        assert_eq!(again.finish().await.unwrap(), stored);

        let mut other = it.store.resume(kept(&state)).await.unwrap();
        put(&mut other, &vec![0; size - size / 2]).await;
        let refused = other.finish().await;
        assert!(matches!(refused, Err(Error::NotResumable { .. } | Error::Exists { .. })), "{refused:?}");
        assert!(read(&it.store, &stored.path).await.unwrap() == written);
    }
}

#[tokio::test]
async fn the_state_before_the_last_can_be_gone_on_from_too() {
    let it = Fixture::new();
    let written = bytes(6 << 20);
    let mut writer = it.store.resume(begin(&it.store).await).await.unwrap();
    let mut before = None;
    for chunk in written[..2_000_000].chunks(500_000) {
        put(&mut writer, chunk).await;
        let state = writer.checkpoint().await.unwrap();
        if let Some(before) = before.replace(state) {
            // The newer one was handed out, and perhaps never kept.
            drop(it.store.resume(kept(&before)).await.unwrap());
        }
    }
    let last = before.unwrap();
    assert!(it.bucket.objects().len() <= 2, "{:?}", it.bucket.objects());
    let mut writer = it.store.resume(last).await.unwrap();
    put(&mut writer, &written[2_000_000..]).await;
    let stored = writer.finish().await.unwrap();
    assert!(read(&it.store, &stored.path).await.unwrap() == written);
    assert_eq!(it.bucket.objects(), [stored.path]);
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing_behind() {
    let it = Fixture::new();
    for size in [1_000, 7 << 20] {
        let mut writer = it.store.resume(begin(&it.store).await).await.unwrap();
        put(&mut writer, &bytes(size)).await;
        let state = writer.checkpoint().await.unwrap();
        drop(writer);
        it.store.discard(kept(&state)).await.unwrap();
        it.store.discard(kept(&state)).await.unwrap();
        assert_eq!((it.bucket.parts(), it.bucket.objects()), (0, Vec::new()));
        let resumed = match it.store.resume(state).await {
            Ok(writer) => writer.finish().await.map(drop),
            Err(error) => Err(error),
        };
        assert!(matches!(resumed, Err(Error::NotResumable { .. })), "{resumed:?}");
    }
}

#[tokio::test]
async fn a_state_of_a_folder_means_nothing_to_a_bucket() {
    let it = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let state = begin(&Store::folder(folder.path()).unwrap()).await;
    assert!(matches!(it.store.resume(state).await, Err(Error::NotResumable { .. })));
}
