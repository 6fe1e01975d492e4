//! What must hold between the keys.

use super::keys::{
    DATABASE_LISTEN, DATABASE_URL, DIRECT_URL, LISTEN, POOL_SIZE, POOLER, PUBLISHABLE_KEY, STORAGE_IDENTITY,
    STORAGE_URL, WORKERS,
};
use super::sources::{Origin, Sources};
use super::{Config, Identity, Pooler, Problem, Purpose, StorageUrl};

const KEYLESS: &str = "names a shared database, and nothing says how tokens are verified";
const KEYLESS_REMEDY: &str =
    "set SUPABASE_URL (the project's public keys), SUPABASE_JWKS (a URL or a file) or SUPABASE_JWT_SECRET";

/// What cannot work.
pub fn check(config: &Config, purpose: Purpose, problems: &mut Vec<Problem>) {
    let supabase = &config.supabase;
    let told = |key: &str, problems: &[Problem]| problems.iter().any(|problem| problem.key == key);
    // A key that was given and refused has been told already.
    let refused = problems.iter().any(|problem| problem.key.starts_with("supabase."));
    if purpose == Purpose::Serve && keyless(config) && !refused {
        problems.push(Problem::new(&DATABASE_URL, KEYLESS, config.origin(&DATABASE_URL), KEYLESS_REMEDY));
    }
    if let Some(direct) = &config.database.direct_url
        && direct.pooler() == Some(colophon_connection::Pooler::Transaction)
    {
        problems.push(Problem::new(
            &DIRECT_URL,
            "is a pooler in transaction mode itself, and gives nobody a session",
            config.origin(&DIRECT_URL),
            "give the direct connection, or the session pooler (port 5432)",
        ));
    }
    if let (Some(secret), Some(publishable)) = (&supabase.secret_key, &supabase.publishable_key)
        && secret == publishable
    {
        problems.push(Problem::new(
            &PUBLISHABLE_KEY,
            "is the same as supabase.secret_key, which no browser may see",
            config.origin(&PUBLISHABLE_KEY),
            "give the project's publishable key, or leave it out",
        ));
    }
    if purpose == Purpose::Worker && config.workers == 0 && !told(WORKERS.name, problems) {
        let origin = config.origin(&WORKERS);
        problems.push(Problem::new(
            &WORKERS,
            "is 0, and workers are all there is here",
            origin,
            "say 1 or more",
        ));
    }
    if purpose != Purpose::Other {
        storage(config, problems);
    }
    if let Some(pool_size) = config.database.pool_size
        && usize::from(config.workers) > pool_size
        && matches!(purpose, Purpose::Serve | Purpose::Worker | Purpose::Import | Purpose::Inspect)
    {
        problems.push(Problem::new(
            &POOL_SIZE,
            format!("is {pool_size}, fewer than the {} workers that share them", config.workers),
            config.origin(&POOL_SIZE),
            "raise it, or lower workers",
        ));
    }
}

fn storage(config: &Config, problems: &mut Vec<Problem>) {
    let storage = &config.storage;
    let of_project = matches!(storage.url, Some(StorageUrl::Supabase { .. }));
    let mut tell = |key: &super::Key, what: &str, remedy: &str| {
        // A value that was given and refused has been told already.
        if !problems.iter().any(|problem| problem.key.starts_with("storage.")) {
            problems.push(Problem::new(key, what, config.origin(key), remedy));
        }
    };
    if !matches!(storage.url, None | Some(StorageUrl::Folder(_)))
        && (storage.access_key_id.is_none() || storage.secret_access_key.is_none())
    {
        let remedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (a Supabase project makes them in its \
                      storage settings)";
        tell(&STORAGE_URL, "names a bucket, and nothing says with which keys it is opened", remedy);
    }
    if of_project && config.supabase.url.is_none() {
        tell(
            &STORAGE_URL,
            "names a bucket of a Supabase project, and nothing says of which",
            "set SUPABASE_URL",
        );
    }
    if storage.identity == Identity::Caller && !of_project {
        let remedy = "say supabase://bucket, or leave it at service";
        tell(&STORAGE_IDENTITY, "is caller, whom no store but supabase://… knows", remedy);
    }
    if storage.identity == Identity::Caller && config.supabase.publishable_key.is_none() {
        let remedy = "set SUPABASE_PUBLISHABLE_KEY";
        tell(&STORAGE_IDENTITY, "is caller, and the project's publishable key is needed for that", remedy);
    }
}

/// What works and is probably not meant.
pub fn warnings(config: &Config, purpose: Purpose, sources: &Sources) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |key: &super::Key, what: &str| {
        warnings.push(format!("{} (from {}) {what}", key.name, config.origin(key)));
    };
    let (database, shared) = (&config.database, config.database.url.is_some());
    let said = |key: &super::Key| *config.origin(key) != Origin::Default;
    let serves = matches!(purpose, Purpose::Serve | Purpose::Inspect);
    if purpose == Purpose::Inspect && keyless(config) {
        warn(&DATABASE_URL, &format!("{KEYLESS}; {KEYLESS_REMEDY}"));
    }
    if serves && !shared && !config.listen.ip().is_loopback() {
        warn(&LISTEN, "lets other machines in, without TLS; put a server that speaks TLS before it");
    }
    if !shared && database.listen.is_some_and(|address| !address.ip().is_loopback()) {
        warn(&DATABASE_LISTEN, "lets other machines into the private PostgreSQL, without TLS");
    }
    if shared && database.listen.is_some() {
        warn(&DATABASE_LISTEN, "is of the private PostgreSQL and means nothing beside database.url");
    }
    if !shared && database.direct_url.is_some() {
        warn(&DIRECT_URL, "means nothing without database.url: the private PostgreSQL is used");
    }
    if !shared && said(&POOLER) && database.pooler != Pooler::None && database.pooler != Pooler::Auto {
        warn(&POOLER, "means nothing without database.url: nothing stands before the private PostgreSQL");
    }
    for (name, meant) in sources.misspelt() {
        warnings.push(format!("{name} is set and means nothing; did you mean {meant}?"));
    }
    if let Some(file) = &sources.file
        && file.holds_secrets()
        && is_open(&file.path)
    {
        let path = file.path.display();
        warnings.push(format!("{path} holds secrets and others may read it; chmod 600 {path}"));
    }
    warnings
}

/// Whether tokens come from elsewhere, and nothing says how to verify them.
fn keyless(config: &Config) -> bool {
    let supabase = &config.supabase;
    let keys = supabase.jwt_secret.is_some() || supabase.jwks.is_some() || supabase.url.is_some();
    config.database.url.is_some() && !keys
}

/// Whether others than its owner may read a file.
fn is_open(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}
