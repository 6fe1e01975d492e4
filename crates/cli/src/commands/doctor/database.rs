//! What stands in the database: roles, tables, who may do what.

use std::time::Instant;

use colophon_db::health::{Health, Login, Relation, Role};
use colophon_db::{Database, LoginScope, Result, SystemScope};
use colophon_migrate::{Migrator, Standing};
use jiff::{SignedDuration, Timestamp};

use super::report::Report;
use super::surroundings;
use super::way::Way;

/// What is looked at here, in order.
pub const CHECKS: &[&str] = &[
    "migrations",
    "login-role",
    "roles",
    "auth-functions",
    "row-level-security",
    "policies",
    "grants",
    "extensions",
    "connections",
    "statement-timeout",
    "clock",
];

/// Of the connections that a server takes, in hundredths: the others that use it want some too.
const SHARE: usize = 40;

/// What no person needs, and historic default privileges gave.
const NEVER: [&str; 3] = ["truncate", "references", "trigger"];

pub fn skip_all(report: &mut Report, checks: &[&'static str]) {
    for name in checks {
        report.skip(name, "the database cannot be asked");
    }
}

pub async fn examine(database: &Database, way: &Way, pool_size: usize, report: &mut Report) {
    let ours = colophon_migrate::relations(&colophon_migrate::migrations());
    let behind = migrations(way, report).await;
    match look(database, async |health| health.login(&ours).await).await {
        Ok(login) => login_role(&login, behind, report),
        Err(error) => broken("login-role", &error, report),
    }
    match look(database, async |health| health.roles(&["anon", "authenticated", "service_role"]).await).await
    {
        Ok(found) => roles(&found, report),
        Err(error) => broken("roles", &error, report),
    }
    auth_functions(database, report).await;
    match look(database, async |health| Ok((health.relations().await?, health.open_functions().await?))).await
    {
        Ok((relations, open_functions)) => {
            let absent = ours.iter().filter(|name| !relations.iter().any(|r| r.name == **name));
            let absent: Vec<&String> = absent.filter(|_| !behind).collect();
            row_level_security(&relations, &ours, &absent, report);
            let own: Vec<&Relation> = relations.iter().filter(|r| ours.contains(&r.name)).collect();
            policies(&own, report);
            grants(&own, &open_functions, report);
        }
        Err(error) => {
            for name in ["row-level-security", "policies", "grants"] {
                broken(name, &error, report);
            }
        }
    }
    match look(database, async |health| health.extensions().await).await {
        Ok(found) => report.ok("extensions", format!("none is needed; there are {}", found.join(", "))),
        Err(error) => broken("extensions", &error, report),
    }
    limits(database, pool_size, report).await;
    clock(database, report).await;
}

async fn look<T>(database: &Database, work: impl AsyncFnOnce(Health<'_>) -> Result<T>) -> Result<T> {
    let tx = database.session(&LoginScope::new()).begin().await?;
    let found = work(tx.health()).await?;
    tx.commit().await?;
    Ok(found)
}

fn broken(name: &'static str, error: &colophon_db::Error, report: &mut Report) {
    report.fail(name, format!("cannot be looked at: {error}"), "the server's log may say more");
}

fn login_role(login: &Login, behind: bool, report: &mut Report) {
    let name = "login-role";
    let remedy = "log in as a role with nothing of its own, such as authenticator: CREATE ROLE … LOGIN NOINHERIT; GRANT authenticated, service_role TO …";
    let who = &login.name;
    if login.superuser {
        report.fail(name, format!("{who} is a superuser: nothing holds it back"), remedy);
    } else if !login.enters_colophon && !behind {
        let found = format!(
            "{who} may not look into the schema colophon, and statements are parsed before a role is taken"
        );
        report.fail(name, found, format!("GRANT USAGE ON SCHEMA colophon TO {who}"));
    } else if login.bypasses_rls {
        report.warn(
            name,
            format!("{who} bypasses row-level security: what forgets whose it is sees every row"),
            remedy,
        );
    } else if !login.reaches.is_empty() {
        let found = format!("{who} reaches {} by itself", some(&login.reaches));
        report.warn(name, found, format!("{remedy}; or ALTER ROLE {who} NOINHERIT and REVOKE what it has"));
    } else {
        report.ok(
            name,
            format!("{who}: no superuser, does not bypass row-level security, reaches no table by itself"),
        );
    }
}

fn roles(roles: &[Role], report: &mut Report) {
    let name = "roles";
    let who = |test: &dyn Fn(&Role) -> bool| -> Vec<String> {
        roles.iter().filter(|role| test(role)).map(|role| role.name.clone()).collect()
    };
    let absent = who(&|role| !role.there);
    // anon is the platform's; no transaction of ours takes it.
    let kept = who(&|role| role.there && !role.takeable && role.name != "anon");
    let free = who(&|role| role.name != "service_role" && (role.bypasses_rls || role.superuser));
    let bound = who(&|role| role.name == "service_role" && role.there && !role.bypasses_rls);
    if !absent.is_empty() {
        let remedy =
            "a Supabase project has them; for a server of one's own run supabase/plain/*.sql as a superuser";
        report.fail(name, format!("absent: {}", absent.join(", ")), remedy);
    } else if !kept.is_empty() {
        let found = format!("the login role may not take {}", kept.join(", "));
        report.fail(name, found, format!("GRANT {} TO the login role", kept.join(", ")));
    } else if !free.is_empty() {
        let found = format!("{} bypasses row-level security: everybody sees every row", free.join(", "));
        report.fail(name, found, format!("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS", free.join(", ")));
    } else if !bound.is_empty() {
        report.fail(
            name,
            "service_role does not bypass row-level security: workers see nothing",
            "ALTER ROLE service_role BYPASSRLS",
        );
    } else {
        report.ok(
            name,
            "anon, authenticated and service_role are there; the login role may take those that it needs",
        );
    }
}

async fn auth_functions(database: &Database, report: &mut Report) {
    let name = "auth-functions";
    let remedy =
        "a Supabase project has it; for a server of one's own run supabase/plain/*.sql as a superuser";
    match look(database, async |health| health.auth_uid().await).await {
        Ok(uid) if !uid.there => {
            report.fail(name, "there is no auth.uid(), by which policies know who asks", remedy);
        }
        Ok(uid) if !uid.is_uuid => report.fail(name, "auth.uid() gives no UUID", remedy),
        Ok(uid) if !uid.callable => {
            let remedy = "GRANT USAGE ON SCHEMA auth TO authenticated; GRANT EXECUTE ON FUNCTION auth.uid() TO authenticated";
            report.fail(name, "authenticated may not call auth.uid()", remedy);
        }
        Ok(_) => report.ok(name, "auth.uid() is there"),
        Err(error) => broken(name, &error, report),
    }
}

/// Whether something is pending, or may be, so that what it makes need not be there yet.
async fn migrations(way: &Way, report: &mut Report) -> bool {
    let name = "migrations";
    if let Some(Err(error)) = &way.migrated {
        report.fail(name, error, "`colophon migrate status` shows where the database stands");
        return true;
    }
    let standing = async {
        let migrator = Migrator::connect_to(&way.migrations_url).await?;
        let standing = migrator.standing().await?;
        // Whoever may not read the history in full still knows where it stands.
        let edited = migrator.status().await.unwrap_or_default();
        Ok::<_, colophon_migrate::Error>((standing, edited))
    };
    match standing.await {
        Ok((Standing::Behind(pending), _)) => {
            report.fail(name, format!("{pending} are pending"), "colophon migrate up");
            return true;
        }
        Ok((Standing::Ahead(version), _)) => {
            let found = format!("the database has {version}, which this program does not know");
            report.fail(name, found, "use the program that applied it, or a newer one");
        }
        Ok((Standing::Current, status)) => {
            let edited: Vec<String> = status.iter().filter(|s| s.edited).map(|s| s.version.clone()).collect();
            if edited.is_empty() {
                report.ok(name, "all are applied");
            } else {
                let found = format!("edited after they were applied: {}", edited.join(", "));
                report.fail(name, found, "`colophon migrate validate` says more");
            }
        }
        Err(error) => {
            report.fail(name, error.to_string(), "`colophon migrate status` shows where the database stands");
            return true;
        }
    }
    false
}

fn row_level_security(relations: &[Relation], ours: &[String], absent: &[&String], report: &mut Report) {
    let name = "row-level-security";
    let open = |own: bool| -> Vec<String> {
        let tables = relations.iter().filter(|r| r.is_table && !r.row_security);
        tables.filter(|r| ours.contains(&r.name) == own).map(|r| r.name.clone()).collect()
    };
    let (own, foreign) = (open(true), open(false));
    let remedy = |tables: &[String]| {
        let each = tables.iter().map(|table| format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"));
        each.collect::<Vec<_>>().join(" ")
    };
    if !absent.is_empty() {
        let absent: Vec<String> = absent.iter().map(ToString::to_string).collect();
        report.fail(
            name,
            format!("absent: {}", absent.join(", ")),
            "`colophon migrate drift` shows what else was changed",
        );
    } else if !own.is_empty() {
        report.fail(
            name,
            format!("off on {}: everybody with a grant sees every row", own.join(", ")),
            remedy(&own),
        );
    } else if !foreign.is_empty() {
        report.warn(
            name,
            format!("off on tables that are not Colophon's: {}", foreign.join(", ")),
            remedy(&foreign),
        );
    } else {
        let tables = relations.iter().filter(|r| r.is_table).count();
        report.ok(name, format!("on for all {tables} tables of public and colophon"));
    }
}

fn policies(own: &[&Relation], report: &mut Report) {
    let name = "policies";
    let without = own.iter().filter(|r| r.is_table && !r.authenticated.is_empty() && !r.has_policies);
    let without: Vec<String> = without.map(|r| r.name.clone()).collect();
    if without.is_empty() {
        report.ok(name, "each table that people may use has some");
    } else {
        let found = format!("none on {}: people see nothing there", without.join(", "));
        report.fail(name, found, "`colophon migrate drift` shows what was dropped");
    }
}

/// What others did with a document, and what was done to its zones: nobody writes a line of it by hand, not even the
/// platform.
const BY_FUNCTIONS_ALONE: [&str; 3] =
    ["public.document_accesses", "public.document_changes", "public.zone_history"];

fn grants(own: &[&Relation], open_functions: &[String], report: &mut Report) {
    let name = "grants";
    let (mut found, mut remedies) = (Vec::new(), Vec::new());
    for relation in own {
        let table = &relation.name;
        if !relation.anon.is_empty() {
            found.push(format!("anon may {} {table}", relation.anon.join(", ")));
            remedies.push(format!("REVOKE ALL ON {table} FROM PUBLIC, anon;"));
        }
        let more: Vec<&str> =
            NEVER.into_iter().filter(|v| relation.authenticated.iter().any(|has| has == v)).collect();
        if !more.is_empty() {
            found.push(format!("authenticated may {} {table}", more.join(", ")));
            remedies.push(format!(
                "REVOKE {} ON {table} FROM PUBLIC, authenticated;",
                more.join(", ").to_uppercase()
            ));
        }
        let written = relation.is_table && !BY_FUNCTIONS_ALONE.contains(&table.as_str());
        let needed: &[&str] = if written { &["select", "insert"] } else { &["select"] };
        let less: Vec<&str> =
            needed.iter().copied().filter(|v| !relation.service_role.iter().any(|has| has == v)).collect();
        if !less.is_empty() {
            found.push(format!("service_role may not {} {table}", less.join(", ")));
            remedies.push(format!("GRANT {} ON {table} TO service_role;", less.join(", ").to_uppercase()));
        }
    }
    for function in open_functions {
        found.push(format!("anybody may call {function}"));
        remedies.push(format!("REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC, anon;"));
    }
    if found.is_empty() {
        report.ok(name, "anon has nothing, people no more than they need, service_role what it works with");
    } else {
        report.fail(name, found.join("; "), remedies.join(" "));
    }
}

async fn limits(database: &Database, pool_size: usize, report: &mut Report) {
    let server = match look(database, async |health| health.server().await).await {
        Ok(server) => server,
        Err(error) => {
            for name in ["connections", "statement-timeout"] {
                broken(name, &error, report);
            }
            return;
        }
    };
    let most = usize::try_from(server.max_connections).unwrap_or(0);
    let found = format!("this program takes {pool_size} at most, the server {most}");
    if pool_size * 100 > most * SHARE {
        let remedy = format!(
            "set COLOPHON_POOL_SIZE to {} or less: other programs, and a hosted project's own, want connections too",
            (most * SHARE / 100).max(1)
        );
        report.warn("connections", found, remedy);
    } else {
        report.ok("connections", found);
    }
    let session = match server.statement_timeout_ms {
        0 => "have no limit".to_owned(),
        limit => format!("begin with {limit} ms"),
    };
    let platform = async {
        let tx = database.session(&SystemScope::new()).begin().await?;
        let found = tx.runs_as().await?;
        tx.commit().await.map(|()| found)
    };
    match platform.await {
        Ok((role, limit)) => {
            report.ok(
                "statement-timeout",
                format!("sessions {session}; transactions of {role} set their own ({limit})"),
            );
        }
        Err(error) => {
            let remedy = "may the login role take service_role? See the check roles";
            report.fail(
                "statement-timeout",
                format!("no transaction of the platform can be begun: {error}"),
                remedy,
            );
        }
    }
}

async fn clock(database: &Database, report: &mut Report) {
    let measured = look(database, async |health| {
        // The first statement carries BEGIN and the scope; the second is one round trip.
        health.clock().await?;
        let (begun, here) = (Instant::now(), Timestamp::now());
        let there = health.clock().await?;
        let half = SignedDuration::try_from(begun.elapsed() / 2).unwrap_or_default();
        Ok(there.duration_since(here) - half)
    });
    match measured.await {
        Ok(skew) => surroundings::clock(skew, report),
        Err(error) => broken("clock", &error, report),
    }
}

/// The first of them, and how many more there are.
fn some(names: &[String]) -> String {
    match names {
        [first, second, third, more @ ..] if !more.is_empty() => {
            format!("{first}, {second}, {third} and {} more", more.len())
        }
        _ => names.join(", "),
    }
}
