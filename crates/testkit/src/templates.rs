//! Templates: made once for each text of the schema, cloned for each test.

use colophon_embedded::SUPERUSER;
use colophon_migrate::{Migrator, migrations, plain, prepare_plain_database, prepare_plain_server};

use crate::server::{Keeper, short_hash};

/// What a test's database begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    /// What a Supabase project has, and nothing of ours.
    Plain,
    /// The newest schema.
    Migrated,
}

impl Template {
    fn database(self) -> String {
        let plain: String = plain().iter().map(|(_, sql)| *sql).collect();
        let ups: String = migrations().iter().map(|m| m.up).collect();
        match self {
            Self::Plain => format!("plain_{}", short_hash(&plain)),
            Self::Migrated => format!("migrated_{}", short_hash(&(plain + &ups))),
        }
    }
}

/// The template's database, made if this schema has none yet.
pub(crate) async fn ensure(keeper: &Keeper, template: Template) -> Result<String, String> {
    let name = template.database();
    if is_there(keeper, &name).await? {
        return Ok(name);
    }
    keeper.run("select pg_advisory_lock(hashtext('colophon testkit templates'))").await?;
    let made = make(keeper, template, &name).await;
    keeper.run("select pg_advisory_unlock_all()").await?;
    made.map(|()| name)
}

async fn is_there(keeper: &Keeper, name: &str) -> Result<bool, String> {
    let found =
        keeper.names(&format!("select datname::text from pg_database where datname = '{name}'")).await?;
    Ok(!found.is_empty())
}

/// Under another name until it is whole, so that a killed maker leaves nothing that looks like a template.
async fn make(keeper: &Keeper, template: Template, name: &str) -> Result<(), String> {
    if is_there(keeper, name).await? {
        return Ok(());
    }
    forget_old_ones(keeper).await?;
    let postgres = &keeper.postgres;
    let building = format!("building_{name}");
    keeper.run(&format!("drop database if exists {building} with (force)")).await?;
    prepare_plain_server(&postgres.url(SUPERUSER, "postgres"), &building).await.map_err(text)?;
    prepare_plain_database(&postgres.url(SUPERUSER, &building)).await.map_err(text)?;
    if template == Template::Migrated {
        let migrator = Migrator::connect(&postgres.url("postgres", &building)).await.map_err(text)?;
        migrator.up(|_| {}).await.map_err(text)?;
    }
    // Nobody may connect to a template: a clone can be made only while nobody does.
    keeper.run(&format!("alter database {building} with allow_connections false is_template true")).await?;
    keeper.run(&format!("alter database {building} rename to {name}")).await
}

/// Templates of older schemas, unless another process may be using one.
async fn forget_old_ones(keeper: &Keeper) -> Result<(), String> {
    if keeper.living().await?.len() > 1 {
        return Ok(());
    }
    let current = [Template::Plain.database(), Template::Migrated.database()];
    let all = "select datname::text from pg_database where datname ~ '^(building_)?(plain|migrated)_'";
    for old in keeper.names(all).await?.iter().filter(|name| !current.contains(name)) {
        keeper.run(&format!("alter database {old} with is_template false")).await?;
        keeper.run(&format!("drop database {old} with (force)")).await?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn text(error: colophon_migrate::Error) -> String {
    error.to_string()
}
