//! The files of `supabase/`, as this program carries them.

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// A change of the schema, and its way back.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 14 digits; the order of application is the order of this text.
    pub version: &'static str,
    /// The rest of the file's name.
    pub name: &'static str,
    /// The change.
    pub up: &'static str,
    /// Its way back.
    pub down: Option<&'static str>,
}

/// Every migration this program knows, in order.
pub fn migrations() -> Vec<Migration> {
    embedded::MIGRATIONS
        .iter()
        .map(|(stem, up)| {
            let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
            let down = embedded::ROLLBACKS.iter().find(|(other, _)| other == stem).map(|(_, down)| *down);
            Migration { version, name, up, down }
        })
        .collect()
}

/// What a Supabase project has and a plain server lacks: `(file, text)`. The first is for the server, the others are
/// for each database.
pub fn plain() -> &'static [(&'static str, &'static str)] {
    embedded::PLAIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_has_fourteen_digits_a_name_and_a_way_back() {
        let all = migrations();
        assert!(!all.is_empty());
        for migration in &all {
            assert_eq!(migration.version.len(), 14, "{}", migration.version);
            assert!(migration.version.bytes().all(|b| b.is_ascii_digit()), "{}", migration.version);
            assert!(!migration.name.is_empty() && migration.down.is_some(), "{}", migration.version);
        }
        assert!(all.is_sorted_by(|a, b| a.version < b.version));
        assert_eq!(embedded::ROLLBACKS.len(), all.len(), "a rollback without its migration");
    }

    #[test]
    fn no_migration_begins_or_commits_or_makes_a_platform_role() {
        for migration in migrations() {
            for text in [Some(migration.up), migration.down].into_iter().flatten() {
                for line in text.lines().map(|line| line.trim().to_ascii_lowercase()) {
                    assert!(!line.starts_with("begin;") && !line.starts_with("commit"), "{line}");
                    assert!(!line.starts_with("create role"), "{line}");
                }
            }
        }
    }
}
