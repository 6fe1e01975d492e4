//! What a list of 50 documents costs among 1,000,000, by each filter and order, at the beginning, in the middle and at
//! the end, for a person and for the platform, through the repository.
//! `cargo run --release -p colophon-db --example document_lists [-- rows]`

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::Instant;

use colophon_db::{Database, Scope, Session, SystemScope};
use colophon_domain::{DocumentCursor, DocumentFilter, DocumentOrder, DocumentStatus, FieldFilter};
use colophon_testkit::{TestDatabase, as_user};
use tokio_postgres::Client;

const CALLS: usize = 300;
/// Owns a fifth of all documents.
const BIG: &str = "00000000-0000-7000-8000-00000000000a";
/// Owns a thousandth.
const FEW: &str = "00000000-0000-7000-8000-100000000007";

/// Owners, statuses, tags and values are as uneven as they are in life. A twentieth is in the trash, and one stretch of
/// a twentieth of all lies there one by one.
const ROWS: &str = "
    insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by, status, created_at,
      deleted_at, tags, metadata)
    select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'report ' || n || '.pdf', 'a.pdf', 1,
      case when n % 5 = 1 then '00000000-0000-7000-8000-00000000000a'
        else '00000000-0000-7000-8000-1' || lpad((n % 1000)::text, 11, '0') end,
      case when n % 500 = 1 then 'damaged' when n % 100 = 3 then 'queued' when n % 20 = 6 then 'failed'
        else 'processed' end,
      now() - n * interval '1 minute',
      case when n % 20 = 11 or n between $1 / 10 and $1 * 3 / 20 then now() - ((n::bigint * 7919) % $1) * interval '1 second' end,
      array_remove(array['customer ' || (n * 31) % 1000, case when n % 10 in (1, 2, 6) then 'invoice' end,
        case when n % 19 = 5 then 'contract' end, case when n % 5005 = 1 then 'urgent' end], null),
      jsonb_build_object('year', 2000 + (n * 17) % 26, 'amount', ((n::bigint * 7919) % 1000003) / 100.0,
        'language', (array['de', 'en', 'fr'])[1 + n % 3], 'of', jsonb_build_object('page', n))
    from generate_series(1, $1::int) n";
const FILL: &str = include_str!("../../../supabase/migrations/20261122121110_document_fields_filled.sql");

fn percentile(sorted: &[f64], part: f64) -> f64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank"
    )]
    let at = ((sorted.len() - 1) as f64 * part).round() as usize;
    sorted[at]
}

async fn part<S: Scope>(
    session: &Session<S>,
    filter: &DocumentFilter,
    after: Option<DocumentCursor>,
    limit: u16,
) -> (usize, Option<DocumentCursor>) {
    let tx = session.begin().await.expect("a transaction");
    let list = tx.documents().list(filter, after, limit).await.expect("a list");
    tx.commit().await.expect("it commits");
    (list.items.len(), list.next_cursor)
}

/// Milliseconds of each call.
async fn times<S: Scope>(
    session: &Session<S>,
    filter: &DocumentFilter,
    after: Option<&DocumentCursor>,
) -> Vec<f64> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let started = Instant::now();
        part(session, filter, after.cloned(), 50).await;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times
}

async fn measure<S: Scope>(session: &Session<S>, who: &str, what: &str, filter: &DocumentFilter) {
    // To the end, in large parts: so the places at half and at 99 % are known.
    let (mut total, mut cursors) = (0, vec![None]);
    loop {
        let (rows, next) = part(session, filter, cursors.last().cloned().flatten(), 1_000).await;
        total += rows;
        if next.is_none() {
            break;
        }
        cursors.push(next);
    }
    let mut line = format!("| {who} | {what} | {total} |");
    let mut first = 0.0;
    for depth in [0, 50, 99] {
        let times = times(session, filter, cursors[cursors.len() * depth / 100].as_ref()).await;
        let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
        if depth == 0 {
            first = p50;
        }
        line = format!("{line} {p50:.2} / {p99:.2} |");
        if depth == 99 {
            line = format!("{line} {:.2} |", p50 / first);
        }
    }
    println!("{line}");
}

fn filters() -> Vec<(&'static str, DocumentFilter)> {
    let none = DocumentFilter::default;
    let tag = |tag: &str| FieldFilter::tag(tag).expect("a tag");
    let year = || FieldFilter::metadata("year", "2020").expect("a value");
    let by = |order: &str| order.parse::<DocumentOrder>().expect("an order");
    vec![
        ("all", none()),
        ("all, oldest first", DocumentFilter { order: DocumentOrder::Oldest, ..none() }),
        ("status processed", DocumentFilter { status: Some(DocumentStatus::Processed), ..none() }),
        ("status damaged (0.2 %)", DocumentFilter { status: Some(DocumentStatus::Damaged), ..none() }),
        ("owner", DocumentFilter { uploaded_by: Some(BIG.into()), ..none() }),
        (
            "owner, status damaged",
            DocumentFilter { uploaded_by: Some(BIG.into()), status: Some(DocumentStatus::Damaged), ..none() },
        ),
        ("tag invoice (30 %)", DocumentFilter { fields: vec![tag("invoice")], ..none() }),
        ("tag urgent (0.02 %)", DocumentFilter { fields: vec![tag("urgent")], ..none() }),
        (
            "owner, tag invoice",
            DocumentFilter { uploaded_by: Some(BIG.into()), fields: vec![tag("invoice")], ..none() },
        ),
        ("tags invoice and urgent", DocumentFilter { fields: vec![tag("invoice"), tag("urgent")], ..none() }),
        (
            "tag invoice, status damaged",
            DocumentFilter { fields: vec![tag("invoice")], status: Some(DocumentStatus::Damaged), ..none() },
        ),
        ("metadata.year=2020", DocumentFilter { fields: vec![year()], ..none() }),
        ("sort metadata.amount", DocumentFilter { order: by("metadata.amount"), ..none() }),
        ("sort -metadata.year", DocumentFilter { order: by("-metadata.year"), ..none() }),
        (
            "sort metadata.amount, tag urgent",
            DocumentFilter { order: by("metadata.amount"), fields: vec![tag("urgent")], ..none() },
        ),
        (
            "sort metadata.amount, tag invoice",
            DocumentFilter { order: by("metadata.amount"), fields: vec![tag("invoice")], ..none() },
        ),
        ("trash", DocumentFilter { order: DocumentOrder::Trash, ..none() }),
        ("q found often", DocumentFilter { q: Some("port 1".into()), ..none() }),
    ]
}

/// Rows a second, with and without the index of tags and metadata.
async fn writes(client: &Client) {
    let insert = "insert into public.documents (filename, original_filename, file_size_bytes, uploaded_by, tags, metadata)
        select 'a', 'a', 1, 'writer', array['a ' || n % 7, 'b ' || n % 11], jsonb_build_object('year', n % 30, 'k', n, 'l', 'de')
        from generate_series(1, 20000) n";
    let update = "update public.documents set tags = array['a ' || 1, 'c'] where uploaded_by = 'writer'";
    let status = "update public.documents set status = 'queued' where uploaded_by = 'writer'";
    for (what, trigger) in
        [("with", "enable"), ("without", "disable"), ("with", "enable"), ("without", "disable")]
    {
        let alter = format!(
            "alter table public.documents {trigger} trigger documents_fields_inserted, {trigger} trigger documents_fields_updated"
        );
        client.batch_execute(&alter).await.expect("triggers");
        let mut figures = Vec::new();
        for sql in [insert, update, status, "delete from public.documents where uploaded_by = 'writer'"] {
            let started = Instant::now();
            client.batch_execute(sql).await.expect("a write");
            figures.push(format!("{:.0} µs", started.elapsed().as_secs_f64() * 1e6 / 2e4));
        }
        println!(
            "{what} document_fields (5 rows a document): insert {}, new tags {}, status {}, delete {}",
            figures[0], figures[1], figures[2], figures[3]
        );
        client.batch_execute("vacuum public.documents, colophon.document_fields").await.expect("vacuum");
    }
    client.batch_execute("alter table public.documents enable trigger documents_fields_inserted, enable trigger documents_fields_updated").await.expect("triggers");
}

async fn everything(database: &Database) {
    println!(
        "| who | list of 50 | rows | first ms, p50 / p99 | at half | at 99 % | p50 there to first |\n|---|---|---|---|---|---|---|"
    );
    let person = database.session(&as_user(BIG.parse().expect("an identifier")));
    let few = database.session(&as_user(FEW.parse().expect("an identifier")));
    let platform = database.session(&SystemScope::new());
    for (what, filter) in filters() {
        if filter.uploaded_by.is_none() {
            measure(&person, "a person with a fifth", what, &filter).await;
            measure(&few, "a person with a thousandth", what, &filter).await;
        }
        measure(&platform, "the platform", what, &filter).await;
    }
    for q in ["port 1", "no such name"] {
        let filter = DocumentFilter { q: Some(q.into()), ..DocumentFilter::default() };
        for (who, times) in [
            ("a person with a fifth", once(&person, &filter).await),
            ("the platform", once(&platform, &filter).await),
        ] {
            println!("q={q}, {who}: {times:.0} ms");
        }
    }
}

async fn once<S: Scope>(session: &Session<S>, filter: &DocumentFilter) -> f64 {
    let started = Instant::now();
    part(session, filter, None, 50).await;
    started.elapsed().as_secs_f64() * 1e3
}

#[tokio::main]
async fn main() {
    let rows: i32 = std::env::args().nth(1).map_or(1_000_000, |rows| rows.parse().expect("a number"));
    let test = TestDatabase::migrated().await;
    let client = test.client("postgres").await;
    let started = Instant::now();
    client
        .batch_execute("alter table public.documents disable trigger documents_fields_inserted")
        .await
        .expect("no trigger");
    client.execute(ROWS, &[&rows]).await.expect("rows");
    let inserted = started.elapsed();
    client.batch_execute(FILL).await.expect("the index is filled");
    let filled = started.elapsed().saturating_sub(inserted);
    client
        .batch_execute("alter table public.documents enable trigger documents_fields_inserted")
        .await
        .expect("a trigger");
    client.batch_execute("vacuum analyze").await.expect("statistics");
    println!("{rows} documents inserted in {inserted:.1?}, their tags and metadata indexed in {filled:.1?}");
    let sizes = "select string_agg(format('%s %s', relname, pg_size_pretty(pg_relation_size(oid))), ', ' order by relname) from pg_class
        where relname like 'document\\_fields%' or relname like 'documents%'";
    println!("{}", client.query_one(sizes, &[]).await.expect("sizes").get::<_, String>(0));
    let database = test.database().await;
    everything(&database).await;
    writes(&client).await;
}
