//! Every fault in every deed: an end in bounded time, nothing lost that was acknowledged, no half object.

use colophon_blobs::{About, Resumption};
use colophon_testkit::Fault;

use super::*;

const FAULTS: [Fault; 10] = [
    Fault::Refuse,
    Fault::Stall,
    Fault::Answer(500),
    Fault::Answer(503),
    Fault::CutRequest(0),
    Fault::CutRequest(70_000),
    Fault::CutAnswer(0),
    Fault::LieAboutLength(-7),
    Fault::LieAboutLength(7),
    Fault::LoseAnswer,
];

/// Longer than all attempts together may take, and much shorter than for ever.
const BOUND: Duration = Duration::from_mins(1);

async fn bounded<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.unwrap_or_else(|_| panic!("{what}: no end"))
}

/// Writes objects while a fault lasts, once and for ever; then looks what the bucket has.
async fn writing(size: usize, on: &str) {
    let it = Fixture::new();
    let written = bytes(size);
    for fault in FAULTS {
        for times in [1, usize::MAX] {
            let what = format!("{fault:?} on {on:?}, {times} times");
            let key = key();
            it.faults.plan(fault, on, times);
            let ended = bounded(&what, write(&it.store, key, &written)).await;
            it.faults.mend();
            match (&ended, bounded(&what, read(&it.undisturbed(), &key.to_string())).await) {
                (Ok(_), found) => assert!(found.unwrap() == written, "{what}: acknowledged and not whole"),
                (Err(_), Ok(found)) => assert!(found == written, "{what}: half an object"),
                (Err(_), Err(Error::NotFound { .. })) => {}
                (Err(_), Err(error)) => panic!("{what}: {error}"),
            }
            if times == 1 {
                assert!(ended.is_ok(), "{what}: one fault is not the end: {ended:?}");
            } else {
                println!("{what}: {}", ended.map_or_else(|error| error.to_string(), |_| "done".to_owned()));
            }
        }
    }
}

#[tokio::test]
async fn a_small_object_is_stored_or_not_whatever_goes_wrong() {
    writing(100_000, "PUT ").await;
}

#[tokio::test]
async fn an_object_of_parts_is_stored_or_not_whatever_goes_wrong_with_a_part() {
    writing(12_000_000, "partNumber=2").await;
}

#[tokio::test]
async fn an_object_of_parts_is_stored_or_not_whatever_goes_wrong_at_its_beginning() {
    writing(6_000_000, "?uploads").await;
}

#[tokio::test]
async fn an_object_of_parts_is_stored_or_not_whatever_goes_wrong_at_its_end() {
    writing(6_000_000, "POST ").await;
}

#[tokio::test]
async fn a_resumable_upload_ends_whole_whatever_went_wrong_before() {
    let it = Fixture::new();
    let written = bytes(7_000_000);
    for fault in FAULTS {
        for on in ["PUT ", "POST ", "GET ", "DELETE ", "HEAD "] {
            let what = format!("{fault:?} on {on:?}");
            let state = it.store.begin_resumable(key(), About::default()).await.unwrap();
            it.faults.plan(fault, on, usize::MAX);
            let reached = bounded(&what, go_on(&it.store, state.clone(), &written, 3)).await;
            it.faults.mend();
            let stored = bounded(&what, go_on(&it.store, reached.0, &written, 3)).await.1;
            let stored = stored.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(read(&it.store, &stored.path).await.unwrap() == written, "{what}");
        }
    }
}

/// Goes on with an upload to its end, or to where it fails; with the last state that was durable.
async fn go_on(
    store: &Store,
    mut state: Resumption,
    bytes: &[u8],
    goes: usize,
) -> (Resumption, Result<Stored, Error>) {
    let ended = async {
        for chunk in bytes[usize::try_from(state.size()).unwrap()..].chunks(bytes.len() / goes) {
            let mut writer = store.resume(state.clone()).await?;
            writer.write(Bytes::copy_from_slice(chunk)).await?;
            state = writer.checkpoint().await?;
        }
        store.resume(state.clone()).await?.finish().await
    };
    let ended = ended.await;
    (state, ended)
}

#[tokio::test]
async fn a_download_is_whole_or_breaks_off() {
    let it = Fixture::new();
    let written = bytes(3_000_000);
    let path = write(&it.store, key(), &written).await.unwrap().path;
    let faults = FAULTS.into_iter().chain([Fault::CutAnswer(1), Fault::CutAnswer(1_000_000)]);
    for fault in faults {
        for times in [1, usize::MAX] {
            let what = format!("{fault:?}, {times} times");
            it.faults.plan(fault, "GET ", times);
            let ended = bounded(&what, async {
                let reader = it.store.read(&path, None).await?.expect(&path, 3_000_000)?;
                let whole = reader.bytes.try_fold(Vec::new(), async |mut all, part| {
                    all.extend_from_slice(&part);
                    Ok(all)
                });
                whole.await
            });
            let ended = ended.await;
            it.faults.mend();
            let lie = matches!(fault, Fault::LieAboutLength(_));
            match ended {
                Ok(found) => assert!(found == written, "{what}: not whole and no error"),
                Err(error) => assert!(times > 1 || lie, "{what}: one fault is not the end: {error}"),
            }
        }
    }
    let local = it.store.local_file(&path).await.unwrap();
    assert_eq!(local.metadata().unwrap().len(), 3_000_000);
}

#[tokio::test]
async fn a_deletion_that_is_acknowledged_has_happened() {
    let it = Fixture::new();
    for fault in FAULTS {
        for times in [1, usize::MAX] {
            let what = format!("{fault:?}, {times} times");
            let path = write(&it.store, key(), b"x").await.unwrap().path;
            it.faults.plan(fault, "DELETE ", times);
            let deleted = bounded(&what, it.store.delete(&path)).await;
            it.faults.mend();
            if deleted.is_ok() {
                assert!(matches!(it.store.head(&path).await, Err(Error::NotFound { .. })), "{what}");
            } else {
                assert!(times > 1, "{what}: one fault is not the end: {deleted:?}");
                it.store.delete(&path).await.unwrap();
            }
        }
    }
}
