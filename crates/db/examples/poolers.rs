//! What a pooler in transaction mode costs: a document by its id, with its scope, in a transaction.
//!
//! `cargo run --release -p colophon-db --example poolers` measures each way in turn, again and again, and tells medians.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on should say where")]

use std::time::{Duration, Instant};

use colophon_db::{Config, ConnectionUrl, Database, Pooler};
use colophon_domain::{DocumentId, UserId};
use colophon_testkit::{TestDatabase, as_user, store_document};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let db = TestDatabase::migrated().await;
    let direct = db.url("authenticator");
    let pooled = db.pooled_url("authenticator").expect("PgBouncer is installed");
    let ways = [
        ("named statements, direct", direct.clone(), Pooler::None),
        ("unnamed typed statements, direct", direct, Pooler::Transaction),
        ("unnamed typed statements, PgBouncer on three server processes", pooled, Pooler::Transaction),
    ];
    for clients in [8, 32] {
        let mut databases = Vec::new();
        for (name, url, pooler) in &ways {
            let database = Database::new(Config {
                url: ConnectionUrl::parse(url).expect("a URL"),
                direct_url: None,
                pooler: *pooler,
                pool_size: clients.min(20),
                application_name: "a measurement".to_owned(),
            });
            databases.push((name, database.expect("nothing to read"), Vec::new()));
        }
        let user = UserId::new();
        let document = store_document(&databases[0].1, user).await.id;
        for _ in 0..ROUNDS {
            for (_, database, rates) in &mut databases {
                rates.push(rate(database, user, document, clients).await);
            }
        }
        for (name, database, rates) in &mut databases {
            rates.sort_by(f64::total_cmp);
            println!("{clients} clients, {name}: {:.0} a second", rates[ROUNDS / 2]);
            database.close();
        }
    }
}

/// Documents read in a second.
async fn rate(database: &Database, user: UserId, document: DocumentId, clients: usize) -> f64 {
    let begun = Instant::now();
    let client = |_| {
        let database = database.clone();
        tokio::spawn(async move {
            let mut read = 0_u32;
            while begun.elapsed() < ROUND {
                let tx = database.session(&as_user(user)).begin().await.expect("a transaction");
                tx.documents().require(document).await.expect("it is theirs");
                tx.commit().await.expect("it commits");
                read += 1;
            }
            read
        })
    };
    let running: Vec<_> = (0..clients).map(client).collect();
    let mut read = 0;
    for task in running {
        read += task.await.expect("it ends");
    }
    f64::from(read) / begun.elapsed().as_secs_f64()
}
