//! Lists by tags and metadata: what they find is what a look at every document would find, whoever wrote it, in any order,
//! and nobody learns of what is not theirs.

use std::collections::BTreeSet;

use colophon_db::{Database, Scope, SystemScope};
use colophon_domain::{
    Document, DocumentCursor, DocumentFilter, DocumentOrder, DocumentPatch, FieldFilter, NewDocument, Tags,
    UserId,
};
use colophon_testkit::{TestDatabase, a_document, as_user, store_document};
use fastrand::Rng;
use serde_json::{Map, Value, json};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

/// Every document of a list, two at a time.
async fn all<S: Scope>(database: &Database, scope: &S, filter: &DocumentFilter) -> Vec<Document> {
    let (mut found, mut after) = (Vec::new(), None::<DocumentCursor>);
    loop {
        let tx = database.session(scope).begin().await.expect("a transaction");
        let part = tx.documents().list(filter, after, 2).await.expect("a part");
        found.extend(part.items);
        after = part.next_cursor.map(|cursor| {
            // As a caller gives it back.
            filter.order.cursor(&cursor.to_string()).expect("a cursor")
        });
        if after.is_none() {
            return found;
        }
    }
}

fn fields(fields: &[(&str, &str)]) -> Vec<FieldFilter> {
    let field = |(name, value): &(&str, &str)| match name.strip_prefix("metadata.") {
        Some(key) => FieldFilter::metadata(key, value),
        None => FieldFilter::tag(value),
    };
    fields.iter().map(|pair| field(pair).expect("a filter")).collect()
}

async fn store(database: &Database, owner: UserId, tags: &[&str], metadata: Value) -> Uuid {
    let new = NewDocument {
        tags: Tags::new(tags).expect("tags"),
        metadata: metadata.as_object().expect("an object").clone(),
        ..a_document(owner)
    };
    let tx = database.session(&SystemScope::new()).begin().await.expect("a transaction");
    let id = tx.documents().insert(&new).await.expect("a document").id;
    tx.commit().await.expect("it commits");
    id.0
}

/// What the index should hold and does not, or holds and should not.
async fn drift(client: &Client) -> Vec<String> {
    let sql = "
        with wanted as (
          select d.id, f.field, f.value, d.uploaded_by, d.created_at
          from public.documents d cross join lateral colophon.fields_of(d.tags, d.metadata) f
          where d.deleted_at is null
        ), there as (
          select document_id, field, value, uploaded_by, created_at from colophon.document_fields
        )
        select 'missing ' || m::text from (table wanted except table there) m
        union all
        select 'left over ' || l::text from (table there except table wanted) l";
    client.query(sql, &[]).await.expect("the difference").iter().map(|row| row.get(0)).collect()
}

fn random_tags(rng: &mut Rng) -> Vec<String> {
    (0..rng.usize(0..4))
        .map(|_| ["a", "b", "2020", "ü x"][rng.usize(0..4)].to_owned())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn random_metadata(rng: &mut Rng) -> Map<String, Value> {
    let values = [
        json!(1),
        json!(2),
        json!(-3.5),
        json!(10),
        json!(2.0),
        json!("2"),
        json!("02"),
        json!("x"),
        json!(true),
        json!("true"),
        json!(null),
        json!([1]),
        json!({ "a": 1 }),
        json!("y".repeat(201)),
        json!(""),
        json!(1e100),
        json!(-0.0),
    ];
    let mut metadata = Map::new();
    for _ in 0..rng.usize(0..4) {
        let key = ["k", "l", "__proto__", ""][rng.usize(0..4)];
        metadata.insert(key.to_owned(), values[rng.usize(0..values.len())].clone());
    }
    metadata
}

/// What a value is found by: as it is written; nothing where it is no plain value, or too long.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => {
            let number = number.as_f64().expect("a number");
            Some(if number == 0.0 { "0".to_owned() } else { number.to_string() })
        }
        _ => None,
    }
    .filter(|text| text.chars().count() <= 200)
}

fn has(document: &Document, field: &FieldFilter) -> bool {
    match field.field.strip_prefix("metadata.") {
        Some(key) => document.metadata.get(key).and_then(plain).as_ref() == Some(&field.value),
        None => document.tags.contains(&field.value),
    }
}

#[tokio::test]
async fn whatever_is_edited_the_index_never_differs_and_finds_what_a_look_at_each_finds() {
    let db = TestDatabase::migrated().await;
    let (database, client) = (db.database().await, db.client("postgres").await);
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let owners = [UserId::new(), UserId::new()];
    let mut ids = Vec::new();
    for step in 0..300 {
        let (tags, metadata) = (random_tags(&mut rng), random_metadata(&mut rng));
        if ids.len() < 12 {
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            ids.push(store(&database, owners[step % 2], &tags, Value::Object(metadata)).await);
            continue;
        }
        let id = ids[rng.usize(0..ids.len())];
        let metadata = Value::Object(metadata);
        match rng.u8(0..6) {
            0 => client.execute("update documents set tags = $2 where id = $1", &[&id, &tags]).await,
            1 => client.execute("update documents set metadata = $2 where id = $1", &[&id, &metadata]).await,
            2 => client.execute("update documents set deleted_at = now() where id = $1", &[&id]).await,
            3 => client.execute("update documents set deleted_at = null where id = $1", &[&id]).await,
            4 => {
                let owner = owners[rng.usize(0..2)].to_string();
                client.execute("update documents set uploaded_by = $2 where id = $1", &[&id, &owner]).await
            }
            _ => {
                let sql = "update documents set tags = $2, metadata = $3, status = 'failed' where id = $1";
                client.execute(sql, &[&id, &tags, &metadata]).await
            }
        }
        .expect("an edit");
        if step % 20 == 0 {
            assert_eq!(drift(&client).await, Vec::<String>::new());
        }
    }
    assert_eq!(drift(&client).await, Vec::<String>::new());

    let everything = all(&database, &SystemScope::new(), &DocumentFilter::default()).await;
    let conditions = [
        ("tags", "a"),
        ("tags", "2020"),
        ("metadata.k", "2"),
        ("metadata.k", "02"),
        ("metadata.l", "true"),
        ("metadata.", "x"),
        ("metadata.k", "-3.5"),
        ("tags", "ü x"),
    ];
    for mask in 0_u32..64 {
        let chosen: Vec<_> = conditions
            .iter()
            .enumerate()
            .filter(|(at, (name, _))| mask >> at & 1 == 1 && *name != "metadata.")
            .map(|(_, pair)| *pair)
            .collect();
        let by = fields(&chosen);
        for order in [DocumentOrder::Newest, DocumentOrder::Oldest] {
            let filter = DocumentFilter { fields: by.clone(), order: order.clone(), ..Default::default() };
            let found: Vec<_> =
                all(&database, &SystemScope::new(), &filter).await.iter().map(|d| d.id).collect();
            let mut expected: Vec<_> =
                everything.iter().filter(|d| by.iter().all(|field| has(d, field))).map(|d| d.id).collect();
            if order == DocumentOrder::Oldest {
                expected.reverse();
            }
            assert_eq!(found, expected, "{chosen:?} {order:?}");
            for owner in owners {
                let own: Vec<_> =
                    all(&database, &as_user(owner), &filter).await.iter().map(|d| d.id).collect();
                let expected: Vec<_> = expected
                    .iter()
                    .copied()
                    .filter(|id| {
                        everything.iter().any(|d| d.id == *id && d.uploaded_by == Some(owner.to_string()))
                    })
                    .collect();
                assert_eq!(own, expected, "{chosen:?} {order:?} of a person");
            }
        }
    }
}

#[tokio::test]
async fn a_list_by_a_value_sorts_numbers_by_size_and_texts_behind_them_both_ways() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, other) = (UserId::new(), UserId::new());
    let values = [
        json!(-1e30),
        json!(-20),
        json!(-3.5),
        json!(-3),
        json!(0),
        json!(1e-9),
        json!(0.5),
        json!("0.75"),
        json!(1),
        json!(2),
        json!("7"),
        json!(10),
        json!(1e30),
        json!(""),
        json!("007"),
        json!("B"),
        json!("a"),
        json!(true),
        json!("ä"),
        json!("文"),
    ];
    let mut rng = Rng::new();
    let mut order: Vec<usize> = (0..values.len()).collect();
    rng.shuffle(&mut order);
    for at in order {
        let tags: &[&str] = if at % 3 == 0 { &["third", "all"] } else { &["all"] };
        store(&database, owner, tags, json!({ "v": values[at], "other": 1 })).await;
    }
    store(&database, owner, &["all"], json!({ "other": 2 })).await;
    store(&database, other, &["all"], json!({ "v": 3 })).await;
    for descending in [false, true] {
        let order = DocumentOrder::Metadata { field: "metadata.v".into(), descending };
        for (tag, every) in [(None, 1), (Some("all"), 1), (Some("third"), 3)] {
            let fields = tag.map(|tag| FieldFilter::tag(tag).expect("a tag")).into_iter().collect();
            let filter = DocumentFilter { order: order.clone(), fields, ..Default::default() };
            let mut expected: Vec<_> = values.iter().step_by(every).cloned().collect();
            if descending {
                expected.reverse();
            }
            let of_person = all(&database, &as_user(owner), &filter).await;
            let found: Vec<_> = of_person.iter().map(|d| d.metadata["v"].clone()).collect();
            // Whatever the database makes of 1e30, it is the same number.
            let same = |value: &Value| value.as_f64().map_or_else(|| value.clone(), |number| json!(number));
            assert_eq!(
                found.iter().map(same).collect::<Vec<_>>(),
                expected.iter().map(same).collect::<Vec<_>>()
            );
            let of_platform = all(&database, &SystemScope::new(), &filter).await.len();
            assert_eq!(of_platform, found.len() + usize::from(tag != Some("third")));
        }
    }
}

#[tokio::test]
async fn many_documents_with_a_tag_are_walked_in_the_order_of_the_value() {
    // More than are counted as few, so the other statement is taken.
    let db = TestDatabase::migrated().await;
    let (database, client) = (db.database().await, db.client("postgres").await);
    let owner = UserId::new();
    let sql = "insert into documents (filename, original_filename, file_size_bytes, uploaded_by, tags, metadata)
        select 'a', 'a', 1, $1, array['many'], jsonb_build_object('n', n, 'half', n % 2) from generate_series(1, 1100) n";
    client.execute(sql, &[&owner.to_string()]).await.expect("rows");
    for (order, expected) in [("metadata.n", vec![2, 4, 6]), ("-metadata.n", vec![1100, 1098, 1096])] {
        let fields = fields(&[("tags", "many"), ("metadata.half", "0")]);
        let filter = DocumentFilter { order: order.parse().expect("an order"), fields, ..Default::default() };
        for scope in [None, Some(as_user(owner))] {
            let list = match scope {
                None => {
                    database
                        .session(&SystemScope::new())
                        .begin()
                        .await
                        .expect("begun")
                        .documents()
                        .list(&filter, None, 3)
                        .await
                }
                Some(scope) => {
                    database
                        .session(&scope)
                        .begin()
                        .await
                        .expect("begun")
                        .documents()
                        .list(&filter, None, 3)
                        .await
                }
            };
            let found: Vec<_> = list.expect("a list").items.iter().map(|d| d.metadata["n"].clone()).collect();
            assert_eq!(found, expected);
        }
    }
}

#[tokio::test]
async fn what_is_shared_is_found_by_its_tags_and_a_stranger_learns_nothing() {
    let db = TestDatabase::migrated().await;
    let (database, client) = (db.database().await, db.client("postgres").await);
    let (owner, viewer, stranger) = (UserId::new(), UserId::new(), UserId::new());
    let shared = store(&database, owner, &["a"], json!({ "k": 1 })).await;
    let hidden = store(&database, owner, &["a"], json!({ "k": 1 })).await;
    let own = store(&database, viewer, &["a"], json!({ "k": 1 })).await;
    let share = "insert into document_shares (document_id, role, user_id) values ($1, 'viewer', $2)";
    client.execute(share, &[&shared, &viewer.0]).await.expect("a share");
    let order = |order: &str| order.parse::<DocumentOrder>().expect("an order");
    for filter in [
        DocumentFilter { fields: fields(&[("tags", "a")]), ..Default::default() },
        DocumentFilter { fields: fields(&[("metadata.k", "1"), ("tags", "a")]), ..Default::default() },
        DocumentFilter { order: order("metadata.k"), ..Default::default() },
        DocumentFilter {
            order: order("-metadata.k"),
            fields: fields(&[("tags", "a")]),
            ..Default::default()
        },
        DocumentFilter { order: order("created_at"), fields: fields(&[("tags", "a")]), ..Default::default() },
        DocumentFilter { order: order("created_at"), ..Default::default() },
    ] {
        for (who, sees) in [(owner, vec![shared, hidden]), (viewer, vec![shared, own]), (stranger, vec![])] {
            let mut found: Vec<_> =
                all(&database, &as_user(who), &filter).await.iter().map(|d| d.id.0).collect();
            found.sort_unstable();
            let mut sees = sees;
            sees.sort_unstable();
            assert_eq!(found, sees, "{filter:?}");
            let of_owner = DocumentFilter { uploaded_by: Some(owner.to_string()), ..filter.clone() };
            let of_owner = all(&database, &as_user(who), &of_owner).await;
            assert!(
                of_owner.iter().all(|d| d.uploaded_by == Some(owner.to_string()) && sees.contains(&d.id.0))
            );
        }
    }
    // Nor by the index itself, nor by counting it.
    for (who, rows) in [(owner, 4_i64), (viewer, 4), (stranger, 0)] {
        let person = db.client_of(who).await;
        let sql = "select count(*) from colophon.document_fields";
        assert_eq!(person.query_one(sql, &[]).await.expect("a count").get::<_, i64>(0), rows);
        let forged = "insert into colophon.document_fields values ($1, 'tags', '=x', null, now())";
        let refused = person.execute(forged, &[&shared]).await.expect_err("nobody writes it");
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    }
    // In the trash it is its owner's alone, and only in the trash.
    client
        .execute("update documents set deleted_at = now() where id = $1", &[&shared])
        .await
        .expect("trashed");
    let tagged = DocumentFilter { fields: fields(&[("tags", "a")]), ..Default::default() };
    let trashed = DocumentFilter { order: DocumentOrder::Trash, ..tagged.clone() };
    let other_tag = DocumentFilter { fields: fields(&[("tags", "b")]), ..trashed.clone() };
    let found = async |who: UserId, filter: &DocumentFilter| {
        all(&database, &as_user(who), filter).await.iter().map(|d| d.id.0).collect::<Vec<_>>()
    };
    assert_eq!(found(owner, &tagged).await, [hidden]);
    assert_eq!(found(owner, &trashed).await, [shared]);
    assert_eq!(found(owner, &other_tag).await, Vec::<Uuid>::new());
    assert_eq!(found(viewer, &tagged).await, [own]);
    assert_eq!(found(viewer, &trashed).await, Vec::<Uuid>::new());
    assert_eq!(all(&database, &SystemScope::new(), &trashed).await.len(), 1);
}

#[tokio::test]
async fn the_trash_is_listed_last_thrown_away_first_and_to_its_end() {
    let db = TestDatabase::migrated().await;
    let (database, client) = (db.database().await, db.client("postgres").await);
    let owner = UserId::new();
    let mut expected = Vec::new();
    for _ in 0..7 {
        let id = store_document(&database, owner).await.id;
        client
            .execute("update documents set deleted_at = now() where id = $1", &[&id.0])
            .await
            .expect("trashed");
        expected.insert(0, id);
    }
    store_document(&database, owner).await;
    let filter = DocumentFilter { order: DocumentOrder::Trash, ..Default::default() };
    let ids = |found: Vec<Document>| found.iter().map(|d| d.id).collect::<Vec<_>>();
    assert_eq!(ids(all(&database, &as_user(owner), &filter).await), expected);
    assert_eq!(ids(all(&database, &SystemScope::new(), &filter).await), expected);
}

#[tokio::test]
async fn an_edit_by_a_client_of_the_data_api_keeps_the_index_and_counts_as_a_revision() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let id = store_document(&database, owner).await.id;
    let person = db.client_of(owner).await;
    let sql = "update documents set tags = '{x,2020}', metadata = '{\"a\": 1.50, \"b\": [1], \"c\": null}' returning revision";
    assert_eq!(person.query_one(sql, &[]).await.expect("an edit").get::<_, i64>(0), 2);
    let rows =
        person.query("select field || ' ' || value from colophon.document_fields order by 1", &[]).await;
    let rows: Vec<String> = rows.expect("rows").iter().map(|row| row.get(0)).collect();
    assert_eq!(rows, ["metadata.a #bff8000000000000 1.5", "tags #c09f900000000000 2020", "tags =x"]);
    for (tags, why) in [
        ("{a,a}", "twice"),
        ("{\"\"}", "empty"),
        ("{\" a\"}", "white"),
        ("{a\u{3000}}", "white"),
        ("{\"a\nb\"}", "control"),
        ("{a\u{85}b}", "control"),
        ("{{a},{b}}", "nested"),
        ("{null}", "null"),
    ] {
        let refused = person.execute("update documents set tags = $1::text::text[]", &[&tags]).await;
        assert_eq!(refused.expect_err(why).code(), Some(&SqlState::CHECK_VIOLATION), "{why}");
    }
    let (most, too_many): (Vec<String>, Vec<String>) =
        ((0..100).map(|n| n.to_string()).collect(), (0..101).map(|n| n.to_string()).collect());
    person.execute("update documents set tags = $1", &[&most]).await.expect("100 are kept");
    person.execute("update documents set tags = $1", &[&too_many]).await.expect_err("101 are not");
    person
        .execute("update documents set tags = $1", &[&vec!["文".repeat(100)]])
        .await
        .expect("100 characters");
    person
        .execute("update documents set tags = $1", &[&vec!["文".repeat(101)]])
        .await
        .expect_err("101 are not");
    // What is as it was is no revision.
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let before = tx.documents().require(id).await.expect("it is there");
    let patch = DocumentPatch { tags: Some(Tags::new(&before.tags).expect("tags")), ..Default::default() };
    assert_eq!(tx.documents().update(id, &patch).await.expect("no edit").revision, before.revision);
}

#[tokio::test]
async fn hostile_metadata_are_stored_and_only_what_is_plain_and_short_is_indexed() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let insert = "insert into documents (filename, original_filename, file_size_bytes, uploaded_by, metadata)
        values ('a', 'a', 1, repeat('文', 255), $1::text::jsonb)";
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(3_000), "]".repeat(3_000));
    let many = serde_json::to_string(&(0..5_000).map(|n| (format!("k{n}"), json!(n))).collect::<Map<_, _>>());
    let long =
        json!({ "文".repeat(100): "文".repeat(200), "k".repeat(101): 1, "v": "v".repeat(201) }).to_string();
    for (metadata, rows) in [
        (deep, 0),
        (many.expect("JSON"), 200),
        (long, 1),
        (format!("{{\"n\": 1{}}}", "0".repeat(100_000)), 0),
        (format!("{{\"n\": 1{}.5, \"m\": -1e-150, \"o\": 1e150}}", "0".repeat(150)), 3),
        (format!("{{\"n\": \"{}\"}}", "1".repeat(200)), 1),
        (r#"{"__proto__": 1, "constructor": "x", "": true, "a": 1, "a": 2}"#.to_owned(), 4),
    ] {
        client.batch_execute("delete from documents").await.expect("none");
        client.execute(insert, &[&metadata]).await.unwrap_or_else(|e| panic!("{e:?}: {}", &metadata[..80]));
        let count = client.query_one("select count(*) from colophon.document_fields", &[]).await;
        assert_eq!(
            count.expect("a count").get::<_, i64>(0),
            rows,
            "{}",
            &metadata.chars().take(80).collect::<String>()
        );
    }
}
