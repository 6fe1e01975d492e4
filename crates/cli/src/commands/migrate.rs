//! `colophon migrate status|up|down`.

use colophon_migrate::Applied;
use serde_json::json;

use crate::args::Migrate;
use crate::instance::migrator;
use crate::output;

pub async fn run(migrate: Migrate) -> anyhow::Result<()> {
    let place = match &migrate {
        Migrate::Status { show } => &show.place,
        Migrate::Up { place } | Migrate::Down { place, .. } => place,
    };
    let (migrator, postgres) = migrator(place).await?;
    let report = |verb: &'static str| {
        move |applied: &Applied| {
            let Applied { migration, took } = applied;
            let line =
                format!("{verb} {}_{} in {:.3} s", migration.version, migration.name, took.as_secs_f64());
            // Migrations go on, whether anybody reads of it or not.
            let _ = output::line(&line);
        }
    };
    let outcome = match &migrate {
        Migrate::Status { show } => match migrator.status().await {
            Ok(status) => print(status, show.json),
            Err(error) => Err(error.into()),
        },
        Migrate::Up { .. } => match migrator.up(report("applied")).await {
            Ok(0) => output::line("nothing is pending"),
            other => other.map(drop).map_err(Into::into),
        },
        Migrate::Down { to, .. } => match migrator.down(to.as_deref(), report("undid")).await {
            Ok(0) => output::line("nothing to undo"),
            other => other.map(drop).map_err(Into::into),
        },
    };
    drop(migrator);
    if let Some(postgres) = postgres {
        postgres.close().await?;
    }
    outcome
}

fn print(status: Vec<colophon_migrate::Status>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> = status
            .iter()
            .map(|s| json!({ "version": s.version, "name": s.name, "applied": s.applied }))
            .collect();
        return output::json(&rows);
    }
    let rows = status.into_iter().map(|s| {
        let state = if s.applied { "applied" } else { "pending" };
        [s.version, s.name.unwrap_or_else(|| "(unknown to this program)".to_owned()), state.to_owned()]
    });
    output::table(["VERSION", "NAME", "STATE"], rows)
}
