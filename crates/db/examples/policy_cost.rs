//! What row-level security costs an owner, at 1,000,000 documents: the statements of the lists, run by a person under the
//! policies and by the tables' owner without, in turn, on one connection each. And what other forms of the policies would
//! cost. `cargo run --release -p colophon-db --example policy_cost`

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::Instant;

use colophon_testkit::TestDatabase;
use futures_util::future::join4;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

const DOCUMENTS: i64 = 1_000_000;
const ROUNDS: usize = 1_500;
/// Owns a fifth of all documents; the first one has 2,000 zones.
const OWNER: &str = "00000000-0000-7000-8000-00000000000a";
/// Owns a thousandth.
const FEW: &str = "00000000-0000-7000-8000-100000000007";
const DOCUMENT: &str = "00000000-0000-7000-8000-000000000001";

const ROWS: &str = "
    insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by, status, created_at)
    select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'a.pdf', 'a.pdf', 1,
           case when n % 5 = 1 then '00000000-0000-7000-8000-00000000000a'
                else '00000000-0000-7000-8000-1' || lpad((n % 1000)::text, 11, '0') end,
           'processed', now() - n * interval '1 minute'
    from generate_series(1, $1) n";
const ZONES: &str = "
    insert into public.zones (document_id, zone_index, page_number, zone_type, coordinates, content)
    select ('00000000-0000-7000-8000-' || lpad(to_hex(case when n <= 2000 then 1 else n * 5 end), 12, '0'))::uuid,
           case when n <= 2000 then n else 0 end, 1 + n / 100, 'text', '{\"x0\":72.5,\"y0\":100.25,\"x1\":300.75,\"y1\":112.5}',
           'line ' || n || ', about as long as the lines of ordinary documents are, with a few words more'
    from generate_series(1, 100000) n";

/// Other forms of the policy of zones, and of documents.
const FORMS: [(&str, &str, &str); 6] = [
    (
        "zones",
        "exists (owner), as it was",
        "exists (select from public.documents d
        where d.id = document_id and d.uploaded_by = (select auth.uid())::text)",
    ),
    (
        "zones",
        "exists (document), its policy decides",
        "exists (select from public.documents d where d.id = document_id)",
    ),
    (
        "zones",
        "scalar sub-select, no hint",
        "document_id = (select d.id from public.documents d where d.id = document_id)",
    ),
    ("zones", "definer function for each row", "colophon.measured_may_read(document_id)"),
    (
        "zones",
        "in (select own documents), hashed",
        "document_id in (select d.id from public.documents d
        where d.uploaded_by = (select auth.uid())::text)",
    ),
    (
        "documents",
        "or id = any (array(select shared))",
        "uploaded_by = (select auth.uid())::text
        or id = any (array(select colophon.shared_documents('viewer')))",
    ),
];

struct Asker {
    client: Client,
    enter: Statement,
    role: &'static str,
}

impl Asker {
    async fn new(client: Client, role: &'static str) -> Self {
        let enter = client.prepare(include_str!("../src/scope/enter.sql")).await.unwrap();
        Self { client, enter, role }
    }

    /// Seconds for one transaction as `Tx` makes it: BEGIN, scope and statement at once, then COMMIT.
    async fn time(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
        person: &str,
        hint: &str,
    ) -> (f64, usize) {
        let claims = format!(
            "{{\"sub\":\"{person}\",\"role\":\"authenticated\",\"aud\":\"authenticated\",\"exp\":1795415275,\"iat\":1795372075,
              \"iss\":\"https://project.supabase.co/auth/v1\",\"email\":\"person@example.org\",\"aal\":\"aal1\"}}"
        );
        let started = Instant::now();
        let settings: &[&(dyn ToSql + Sync)] =
            &[&self.role, &claims, &person, &"30s", &"10s", &hint, &"auto"];
        let (begun, entered, rows, committed) = join4(
            self.client.batch_execute("begin"),
            self.client.execute(&self.enter, settings),
            self.client.query(statement, params),
            self.client.batch_execute("commit"),
        )
        .await;
        begun.unwrap();
        entered.unwrap();
        committed.unwrap();
        (started.elapsed().as_secs_f64(), rows.unwrap().len())
    }
}

struct Bench {
    owner: Asker,
    person: Asker,
}

impl Bench {
    /// The ratio of the medians. What the machine does meanwhile falls on both alike.
    async fn compare(&self, what: &str, sql: &str, params: &[&(dyn ToSql + Sync)], person: &str, hint: &str) {
        let (plain, secured) =
            (self.owner.client.prepare(sql).await.unwrap(), self.person.client.prepare(sql).await.unwrap());
        let (mut without, mut with) = (Vec::new(), Vec::new());
        let rounds =
            if self.person.time(&secured, params, person, hint).await.0 > 0.05 { 20 } else { ROUNDS };
        for round in 0..rounds {
            let (a, rows) = self.owner.time(&plain, params, person, hint).await;
            let (b, same) = self.person.time(&secured, params, person, hint).await;
            assert_eq!(rows, same, "{what}: both see the same rows");
            if round * 10 >= rounds {
                without.push(a);
                with.push(b);
            }
        }
        let (without, with) = (median(without), median(with));
        println!("{what:<58} {:>9.3} {:>9.3} {:>8.3}", without * 1e3, with * 1e3, with / without);
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let db = TestDatabase::migrated().await;
    let postgres = db.client("postgres").await;
    for quiet in ["documents", "zones"] {
        postgres.batch_execute(&format!("alter table public.{quiet} disable trigger user")).await.unwrap();
    }
    postgres.execute(ROWS, &[&i32::try_from(DOCUMENTS).unwrap()]).await.unwrap();
    postgres.batch_execute(ZONES).await.unwrap();
    postgres.batch_execute("vacuum analyze public.documents").await.unwrap();
    postgres.batch_execute("vacuum analyze public.zones").await.unwrap();

    let bench = Bench {
        owner: Asker::new(db.client("postgres").await, "postgres").await,
        person: Asker::new(db.client("authenticator").await, "authenticated").await,
    };
    println!("{DOCUMENTS} documents; medians of {ROUNDS} transactions each, in turn\n");
    println!("{:<58} {:>9} {:>9} {:>8}", "", "owner ms", "policy ms", "ratio");
    zones(&bench, "500 zones of a document, as the API reads them", DOCUMENT).await;
    zones(&bench, "500 zones of a document, any other client", "").await;
    documents(&bench, "50 documents of a person who has 200,000", OWNER).await;
    documents(&bench, "50 documents of a person who has 800", FEW).await;
    println!("\nother forms of the policies, without a hint:");
    postgres
        .batch_execute(
            "create function colophon.measured_may_read(document uuid) returns boolean
             language plpgsql stable security definer set search_path = '' as $$
             begin return exists (select from public.documents d
               where d.id = document and d.uploaded_by = (select auth.uid())::text); end $$;
             grant execute on function colophon.measured_may_read(uuid) to authenticated",
        )
        .await
        .unwrap();
    for (table, form, condition) in FORMS {
        let replaced = format!("alter policy {table}_select on public.{table} using ({condition})");
        postgres.batch_execute(&replaced).await.unwrap();
        if table == "zones" {
            zones(&bench, form, "").await;
        } else {
            documents(&bench, form, OWNER).await;
        }
    }
}

async fn zones(bench: &Bench, what: &str, hint: &str) {
    let document: Uuid = DOCUMENT.parse().unwrap();
    let (page, text, after, limit) = (None::<i32>, None::<String>, 0_i32, 500_i64);
    let params: &[&(dyn ToSql + Sync)] = &[&document, &page, &text, &text, &after, &limit];
    bench.compare(what, include_str!("../src/zones/list.sql"), params, OWNER, hint).await;
}

async fn documents(bench: &Bench, what: &str, person: &str) {
    let sql = include_str!("../src/documents/list_for_person.sql");
    let (time, id, limit) = (None::<jiff::Timestamp>, None::<Uuid>, 50_i64);
    let params: &[&(dyn ToSql + Sync)] = &[&person, &time, &id, &limit];
    bench.compare(what, sql, params, person, "").await;
}
