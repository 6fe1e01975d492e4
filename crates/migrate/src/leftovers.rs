//! What a killed run may have left of a statement that no transaction holds together.

use crate::Error;
use crate::error::{doing, reading};
use crate::files::Migration;
use crate::history::{self, Note};
use crate::runner::{Event, Migrator, Tell};
use crate::split::{Statement, statements};

impl Migrator {
    /// Removes what a killed run left half made. Says whether that run had in fact done its work, or does what is left
    /// of it.
    pub(crate) async fn clear_the_way(
        &self,
        statement: &Statement,
        begun_before: bool,
        tell: Tell<'_>,
    ) -> Result<bool, Error> {
        if statement.begins(&["alter", "table"]) {
            return self.finish_detaching(statement, begun_before, tell).await;
        }
        if statement.begins(&["reindex"]) {
            return self.drop_copies(statement, tell).await.map(|()| false);
        }
        let Some(index) = Index::of(statement)? else { return Ok(false) };
        match self.find(&index).await? {
            Some((name, false)) if index.created => {
                tell(&Event::Leftover { what: &format!("the invalid index {name}") });
                self.drop_index(&name).await?;
                Ok(false)
            }
            Some((_, true)) => Ok(index.created && begun_before),
            None => Ok(!index.created && begun_before),
            Some(_) => Ok(false),
        }
    }

    /// Removes what a killed run may have made of a file that is not applied: before a way back, which knows nothing
    /// of it.
    pub(crate) async fn abandon(&self, migration: &Migration, tell: Tell<'_>) -> Result<(), Error> {
        let all = statements(migration.up);
        if let Some(index) = all.first().map(Index::of).transpose()?.flatten()
            && index.created
            && let Some((name, _)) = self.find(&index).await?
        {
            tell(&Event::Leftover { what: &format!("the index {name}") });
            self.drop_index(&name).await?;
        }
        let host = &self.options.host;
        let note = Note { direction: "reverted", result: "done", took: None, message: None, host };
        history::note(&self.client, migration.version, Some(migration), note).await.map_err(reading)
    }

    /// The index's full name, and whether it is valid.
    async fn find(&self, index: &Index) -> Result<Option<(String, bool)>, Error> {
        // An index stands in the schema of its table; a dropped one names its own.
        let which = if index.created {
            "i.indrelid = to_regclass($1) and c.relname = $2"
        } else {
            "i.indexrelid = to_regclass($1) and $2 <> ''"
        };
        let sql = format!(
            "select format('%I.%I', n.nspname, c.relname), i.indisvalid from pg_index i
             join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where {which}"
        );
        self.client.batch_execute("reset all").await.map_err(reading)?;
        let found = self.client.query_opt(&sql, &[&index.place, &index.name]).await.map_err(reading)?;
        Ok(found.map(|row| (row.get(0), row.get(1))))
    }

    async fn drop_index(&self, name: &str) -> Result<(), Error> {
        // One by one: together they would be one transaction.
        for sql in ["set lock_timeout = 0", &format!("drop index concurrently {name}")] {
            self.client.batch_execute(sql).await.map_err(doing(format!("dropping the index {name}")))?;
        }
        Ok(())
    }

    /// `detach partition … concurrently`: begun, it can only be brought to its end.
    async fn finish_detaching(
        &self,
        statement: &Statement,
        begun_before: bool,
        tell: Tell<'_>,
    ) -> Result<bool, Error> {
        let named = |words: &[&str], skip: &[&str]| {
            let mut at = statement.position(words)? + words.len();
            while statement.words.get(at).is_some_and(|word| skip.contains(&word.as_str())) {
                at += 1;
            }
            statement.name_at(at)
        };
        let table = named(&["alter", "table"], &["if", "exists", "only"]);
        let (Some(table), Some(partition)) = (table, named(&["detach", "partition"], &[])) else {
            return Ok(false);
        };
        let sql = "select inhdetachpending from pg_inherits
            where inhparent = to_regclass($1) and inhrelid = to_regclass($2)";
        self.client.batch_execute("reset all").await.map_err(reading)?;
        let found = self.client.query_opt(sql, &[&table, &partition]).await.map_err(reading)?;
        match found.map(|row| row.get::<_, bool>(0)) {
            None => Ok(begun_before),
            Some(false) => Ok(false),
            Some(true) => {
                tell(&Event::Leftover { what: &format!("the partition {partition}, detached by half") });
                let finish = format!("alter table {table} detach partition {partition} finalize");
                self.client.batch_execute(&finish).await.map_err(doing(finish))?;
                Ok(true)
            }
        }
    }

    /// `reindex concurrently`: the copies that a killed one was making, or had not yet dropped.
    async fn drop_copies(&self, statement: &Statement, tell: Tell<'_>) -> Result<(), Error> {
        let name = statement.position(&["concurrently"]).and_then(|at| statement.name_at(at + 1));
        let Some(name) = name else { return Ok(()) };
        let sql = "select format('%I.%I', n.nspname, c.relname) from pg_index i
            join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
            where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
              and (i.indrelid = to_regclass($1)
                or i.indrelid = (select o.indrelid from pg_index o where o.indexrelid = to_regclass($1)))";
        self.client.batch_execute("reset all").await.map_err(reading)?;
        for row in self.client.query(sql, &[&name]).await.map_err(reading)? {
            let copy: String = row.get(0);
            tell(&Event::Leftover { what: &format!("the invalid index {copy}") });
            self.drop_index(&copy).await?;
        }
        Ok(())
    }
}

/// The index that a concurrent statement makes or drops.
struct Index {
    created: bool,
    /// Its table where it is made, itself where it is dropped.
    place: String,
    name: String,
}

impl Index {
    fn of(statement: &Statement) -> Result<Option<Self>, Error> {
        let words = &statement.words;
        let created = statement.begins(&["create"]) && statement.has(&["index", "concurrently"]);
        if !created && !statement.begins(&["drop", "index", "concurrently"]) {
            return Ok(None);
        }
        let Some(mut at) = statement.position(&["concurrently"]).map(|at| at + 1) else { return Ok(None) };
        for optional in [&["if", "not", "exists"][..], &["if", "exists"][..]] {
            if words.get(at..at + optional.len()).is_some_and(|found| found == optional) {
                at += optional.len();
            }
        }
        let Some(name) = statement.name_at(at).filter(|name| name != "on") else {
            let problem = "give the index a name, so that one left invalid by a kill can be found".to_owned();
            return Err(Error::File { file: statement.summary(), problem });
        };
        let unquoted = name.rsplit('.').next().unwrap_or(&name).trim_matches('"').to_owned();
        if !created {
            return Ok(Some(Self { created, place: name, name: unquoted }));
        }
        let on = statement.position(&["on"]).map_or(at, |on| on + 1);
        let table = if words.get(on).is_some_and(|word| word == "only") { on + 1 } else { on };
        Ok(Some(Self { created, place: statement.name_at(table).unwrap_or_default(), name: unquoted }))
    }
}
