//! How long a run of 5,000 zones takes on a document that has 5,000, some of them corrected.
//!
//! `cargo run --release -p colophon-service --example run_speed` needs what the tests need: a PostgreSQL of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where; what it finds is what it prints"
)]

use std::time::Instant;

use colophon_db::{Database, SystemScope};
use colophon_domain::anchor::rebase::{Standing, rebase};
use colophon_domain::{DocumentId, NewZone, UserId, ZoneFilter, ZoneId};
use colophon_service::run::{Replaces, Run, store};
use colophon_testkit::reruns::pages_of_prose;
use colophon_testkit::{TestDatabase, store_document};

const ZONES: usize = 5_000;
const PAGES: i32 = 270;
const CORRECT: &str = "update zones set content = 'mine' where zone_index % 10 = 0";

#[derive(Clone, Copy)]
enum Delivery {
    Same,
    Moved,
    OtherText,
}

#[tokio::main]
async fn main() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let mut rng = fastrand::Rng::with_seed(3);
    let mut zones: Vec<NewZone> =
        pages_of_prose(PAGES as usize, &mut rng).into_iter().flatten().take(ZONES).collect();
    for zone in &mut zones {
        zone.zone_index += (zone.page_number - 1) * 10_000;
    }
    println!("{:<28} {:>6} {:>9} {:>12}  outcome", "delivery", "zones", "match s", "transact. s");
    one("the first", Delivery::Same, document, &database, &zones).await;
    one("the same", Delivery::Same, document, &database, &zones).await;
    let corrected = db.client_of(owner).await.execute(CORRECT, &[]).await.unwrap();
    println!("{corrected} zones corrected");
    one("the same", Delivery::Same, document, &database, &zones).await;
    one("all moved by a point", Delivery::Moved, document, &database, &zones).await;
    one("every text other", Delivery::OtherText, document, &database, &zones).await;
}

async fn one(name: &str, what: Delivery, document: DocumentId, database: &Database, zones: &[NewZone]) {
    let found: Vec<NewZone> = zones.iter().map(|zone| delivered(zone, what)).collect();
    let run = Run {
        document,
        version: None,
        pages: (1..=PAGES).collect(),
        tool: Some("a tool".into()),
        model: None,
        job: None,
        reason: None,
        replaces: Replaces::EveryTool,
    };
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    let standing = tx.zones().list(document, &ZoneFilter::default(), -1, i64::MAX).await.unwrap();
    tx.rollback().await.unwrap();
    let standing: Vec<Standing> = standing.iter().map(|zone| Standing { zone, replaced: true }).collect();
    let began = Instant::now();
    rebase(&standing, &[], &found, &[]).unwrap();
    let matching = began.elapsed().as_secs_f64();

    let began = Instant::now();
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    let report = store(&tx, &run, found).await.unwrap();
    tx.commit().await.unwrap();
    let whole = began.elapsed().as_secs_f64();
    println!(
        "{name:<28} {:>6} {matching:>9.3} {whole:>12.3}  {} new, {} other, {} the same, {} gone, {:?}",
        zones.len(),
        report.inserted,
        report.updated,
        report.unchanged,
        report.deleted,
        report.outcomes
    );
}

fn delivered(zone: &NewZone, what: Delivery) -> NewZone {
    let mut zone = NewZone { id: ZoneId::new(), ..zone.clone() };
    match what {
        Delivery::Same => {}
        Delivery::Moved => {
            let mut moved = zone.coordinates.clone().unwrap().bounding_box;
            moved.x0 += 1.0;
            zone.coordinates = Some(moved.into());
        }
        Delivery::OtherText => zone.content = zone.content.map(|text| format!("{text}x")),
    }
    zone
}
