//! `colophon doctor`: looks at everything an instance needs, and says what to do. It changes nothing but what every
//! command does: a private PostgreSQL is started and brought up to date.

mod database;
mod report;
mod surroundings;
mod way;

use std::process::ExitCode;

use colophon_embedded::Postgres;

use crate::config::Config;
use crate::instance;
use report::Report;
use way::Way;

const PROGRAM: &str = "colophon doctor";

pub async fn run(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    if config.warnings.is_empty() {
        report.ok("configuration", "every key can be read, and they fit together");
    } else {
        let remedy = "`colophon config` shows what holds and who said it";
        report.warn("configuration", config.warnings.join("\n"), remedy);
    }
    surroundings::storage(config, &mut report).await;
    let postgres = examine_database(config, &mut report).await;
    // Now what a private PostgreSQL makes is there.
    surroundings::data_folder(config, &mut report);
    surroundings::tokens(config, &mut report).await;
    surroundings::tesseract(config, &mut report).await;
    if let Some(postgres) = postgres {
        postgres.close().await?;
    }
    report.print(as_json)?;
    Ok(if report.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A private PostgreSQL that it has opened is to be closed.
async fn examine_database(config: &Config, report: &mut Report) -> Option<Postgres> {
    if let Some(way) = Way::shared(config) {
        examine_way(&way, config, report).await;
        return None;
    }
    let opened = instance::open_for_doctor(config, PROGRAM).await;
    match opened.and_then(|private| Ok((Way::private(&private)?, private.postgres))) {
        Ok((way, postgres)) => {
            examine_way(&way, config, report).await;
            Some(postgres)
        }
        Err(error) => {
            report.skip("connection-string", "there is none: a private PostgreSQL is used");
            let remedy = "log/postgres.log in the data folder may say more";
            report.fail("reachable", format!("the private PostgreSQL cannot be started: {error:#}"), remedy);
            database::skip_all(report, way::CHECKS_AFTER_REACHABLE);
            database::skip_all(report, database::CHECKS);
            None
        }
    }
}

async fn examine_way(way: &Way, config: &Config, report: &mut Report) {
    match way::examine(way, config, report).await {
        Some((database, pooler)) => {
            let pool_size = instance::pool_size(config, config.workers, pooler);
            database::examine(&database, way, pool_size, report).await;
            database.close();
        }
        None => database::skip_all(report, database::CHECKS),
    }
}
