//! The history of a document with 100,000 zones and a long past is read by index.

use colophon_db::SystemScope;
use colophon_testkit::{TestDatabase, as_user};
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::plans::{Param, explained};

/// One document: 100,000 zones, every second of them changed once in each of 4 changes. The history is put in by the
/// owner of the table: the triggers would take minutes.
const ROWS: &str = "
  insert into documents (id, filename, original_filename, file_size_bytes, uploaded_by, zones_revision)
  select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'a.pdf', 'a.pdf', 1,
         '00000000-0000-7000-8000-00000000000a', 5 from generate_series(1, 50) n;
  insert into zones (document_id, id, zone_index, page_number, zone_type, coordinates, content, zones_revision)
  select '00000000-0000-7000-8000-000000000001', ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, n,
         1 + n / 100, 'text', '{}', 'line ' || n, case when n % 2 = 0 then 5 else 1 end
  from generate_series(1, 100000) n;
  insert into zones (document_id, zone_index, page_number, zone_type, coordinates, zones_revision)
  select ('00000000-0000-7000-8000-' || lpad(to_hex(2 + n % 49), 12, '0'))::uuid, n, 1, 'text', '{}', 1
  from generate_series(1, 20000) n;
  insert into zone_history (document_id, zone_id, zones_revision, until_revision, zone)
  select z.document_id, z.id, r, r + 1, to_jsonb(z) from zones z, generate_series(1, 4) r
  where z.document_id = '00000000-0000-7000-8000-000000000001' and z.zone_index % 2 = 0;
  analyze documents; analyze zones; analyze zone_history";

const DOCUMENT: &str = "00000000-0000-7000-8000-000000000001";
const OWNER: &str = "00000000-0000-7000-8000-00000000000a";

/// By person and platform: the same indexes, and neither table whole.
async fn by(client: &Client, sql: &str, params: &[Param<'_>], indexes: &[&str]) {
    let person = as_user(OWNER.parse().expect("an identifier"));
    for seen in [
        explained(client, &SystemScope::new(), sql, params).await,
        explained(client, &person, sql, params).await,
    ] {
        let whole = seen.iter().any(|read| read == "zones whole" || read == "zone_history whole");
        let named =
            indexes.iter().all(|index| seen.iter().any(|read| read.ends_with(&format!("by {index}"))));
        assert!(!whole && named, "it should go by {indexes:?}, and reads {seen:#?}");
    }
}

#[tokio::test]
async fn a_document_of_100000_zones_with_a_long_history_is_read_as_it_was_by_index() {
    let db = TestDatabase::migrated().await;
    db.client("postgres").await.batch_execute(ROWS).await.expect("rows");
    let client = db.client("authenticator").await;
    let (document, none): (Uuid, _) = (DOCUMENT.parse().expect("an identifier"), None::<String>);
    let (version, page, limit) = (1_i32, None::<i32>, 1_000_i64);
    let (number, parent) = (None::<f64>, None::<Uuid>);
    for (revision, after) in [(1_i64, -1_i32), (1, 50_000), (3, 99_000), (5, 20_000)] {
        let list: [Param<'_>; 12] = [
            (&document, Type::UUID),
            (&version, Type::INT4),
            (&revision, Type::INT8),
            (&after, Type::INT4),
            (&page, Type::INT4),
            (&none, Type::TEXT),
            (&none, Type::TEXT),
            (&limit, Type::INT8),
            (&number, Type::FLOAT8),
            (&number, Type::FLOAT8),
            (&none, Type::TEXT),
            (&parent, Type::UUID),
        ];
        let sql = include_str!("../../src/zones/list_as_of.sql");
        let person = as_user(OWNER.parse().expect("an identifier"));
        for seen in [
            explained(&client, &SystemScope::new(), sql, &list).await,
            explained(&client, &person, sql, &list).await,
        ] {
            assert!(seen.contains(&"zones by zones_version_zone_index_key".to_owned()), "{seen:#?}");
            // Where nothing changed since, by that; elsewhere in reading order.
            let history = |read: &&String| {
                read.starts_with("zone_history by") || read.contains("a bitmap by zone_history")
            };
            assert!(seen.iter().any(|read| history(&read)), "{seen:#?}");
            assert!(
                !seen.iter().any(|read| read.ends_with(" whole") && read != "documents whole"),
                "{seen:#?}"
            );
        }
    }
    let (zone, revision) = (document, 3_i64);
    let get: [Param<'_>; 3] = [(&document, Type::UUID), (&zone, Type::UUID), (&revision, Type::INT8)];
    by(&client, include_str!("../../src/zones/get_as_of.sql"), &get, &["zone_history_pkey"]).await;
    let none = None::<i64>;
    let states: [Param<'_>; 4] =
        [(&document, Type::UUID), (&zone, Type::UUID), (&none, Type::INT8), (&limit, Type::INT8)];
    by(&client, include_str!("../../src/zone_history/list.sql"), &states, &["zone_history_pkey"]).await;
}

/// A part of a document is answered in the time of a part: what is passed over is counted by the server.
#[tokio::test]
async fn a_part_as_it_was_costs_no_more_than_its_zones() {
    let db = TestDatabase::migrated().await;
    db.client("postgres").await.batch_execute(ROWS).await.expect("rows");
    let client = db.client("postgres").await;
    let sql = include_str!("../../src/zones/list_as_of.sql");
    for after in [-1, 50_000, 98_000] {
        let prepared = format!("explain (analyze, buffers, format json) {sql}")
            .replace("$12", "null")
            .replace("$11", "null")
            .replace("$10", "null")
            .replace("$9", "null")
            .replace("$1", &format!("'{DOCUMENT}'"))
            .replace("$2", "1")
            .replace("$3", "2")
            .replace("$4", &after.to_string())
            .replace("$5", "null")
            .replace("$6", "null")
            .replace("$7", "null")
            .replace("$8", "1000");
        let plan: serde_json::Value = client.query_one(&prepared, &[]).await.expect("a plan").get(0);
        let blocks = |name: &str| plan[0]["Plan"][name].as_i64().expect("a number");
        let read = blocks("Shared Hit Blocks") + blocks("Shared Read Blocks");
        assert!(read < 6_000, "{read} blocks for 1,000 zones after {after}: {plan:#}");
    }
}
