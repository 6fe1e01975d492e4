//! A file of SQL, cut into its statements as the Supabase CLI cuts and stores them.

use squawk_syntax::{SourceFile, SyntaxKind};

/// One statement: its text without the semicolon, with the comments before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// As it is sent and stored: trimmed, comments kept.
    pub text: String,
    /// The line of the file on which its first word stands, from 1.
    pub line: usize,
    /// Its words in small letters, without comments: names without needless quotes, strings as they are.
    pub words: Vec<String>,
}

impl Statement {
    /// Does it begin with these words?
    pub fn begins(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(a, b)| a == b)
    }

    /// Do these words stand somewhere in it, one after the other?
    pub fn has(&self, words: &[&str]) -> bool {
        self.position(words).is_some()
    }

    /// Where these words stand for the first time.
    pub fn position(&self, words: &[&str]) -> Option<usize> {
        self.words.windows(words.len()).position(|window| window.iter().zip(words).all(|(a, b)| a == b))
    }

    /// The name (`schema.object`, or without its schema) that begins at the word with this number.
    pub fn name_at(&self, at: usize) -> Option<String> {
        let mut name = self.words.get(at)?.clone();
        let mut next = at + 1;
        while self.words.get(next).is_some_and(|word| word == ".") {
            name = format!("{name}.{}", self.words.get(next + 1)?);
            next += 2;
        }
        Some(name)
    }

    /// The statement in a few words, for people who wait for it.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for word in &self.words {
            let glued = matches!(word.as_str(), "." | "," | ")" | "(") || text.ends_with(['.', '(']);
            if !text.is_empty() && !glued {
                text.push(' ');
            }
            text.push_str(word.lines().next().unwrap_or_default());
            if text.chars().count() > 70 {
                return text.chars().take(69).chain(['…']).collect();
            }
        }
        text
    }

    /// May it run inside a transaction?
    pub fn transactional(&self) -> bool {
        let concurrently = self.words.iter().any(|word| word == "concurrently");
        let kind: Vec<&str> = self.words.iter().take(3).map(String::as_str).collect();
        match kind.as_slice() {
            ["create" | "drop", "index", ..] | ["create", "unique", "index"] | ["reindex", ..] => {
                !concurrently
                    && !self.begins(&["reindex", "database"])
                    && !self.begins(&["reindex", "system"])
            }
            ["alter", "table", ..] => !self.has(&["concurrently"]) || !self.has(&["detach", "partition"]),
            ["vacuum", ..]
            | ["alter", "system", ..]
            | ["create" | "drop", "database" | "tablespace", ..]
            | ["cluster"] => false,
            _ => true,
        }
    }
}

/// The statements of a file. Text that is no SQL comes back as statements too; the server says what is wrong with it.
pub fn statements(sql: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut cut = Cutter::default();
    let (mut begun, mut at) = (0, 0);
    let mut words = Vec::new();
    let mut line = None;
    let tree = SourceFile::parse(sql).syntax_node();
    for token in tree.descendants_with_tokens().filter_map(squawk_syntax::SyntaxElement::into_token) {
        let end = at + token.text().len();
        if !token.kind().is_trivia() {
            let word = word(token.kind(), token.text());
            if word == ";" && cut.at_top() {
                push(&mut found, sql.get(begun..at), &mut words, line.take());
                cut = Cutter::default();
                begun = end;
            } else {
                line.get_or_insert_with(|| 1 + sql[..at].matches('\n').count());
                cut.see(&word, words.last());
                words.push(word);
            }
        }
        at = end;
    }
    push(&mut found, sql.get(begun..), &mut words, line);
    found
}

fn push(found: &mut Vec<Statement>, text: Option<&str>, words: &mut Vec<String>, line: Option<usize>) {
    let text = text.unwrap_or_default().trim();
    if !text.is_empty() {
        let line = line.unwrap_or(1);
        found.push(Statement { text: text.to_owned(), line, words: std::mem::take(words) });
    }
}

/// Which semicolons end a statement: none in parentheses (rules), none between BEGIN ATOMIC and its END.
#[derive(Default)]
struct Cutter {
    parentheses: usize,
    blocks: usize,
}

impl Cutter {
    fn at_top(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }

    fn see(&mut self, word: &str, previous: Option<&String>) {
        match word {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            "atomic" if previous.is_some_and(|word| word == "begin") => self.blocks += 1,
            "case" if self.blocks > 0 => self.blocks += 1,
            "end" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }
}

fn word(kind: SyntaxKind, text: &str) -> String {
    match kind {
        SyntaxKind::STRING
        | SyntaxKind::ESC_STRING
        | SyntaxKind::UNICODE_ESC_STRING
        | SyntaxKind::NATIONAL_STRING
        | SyntaxKind::DOLLAR_QUOTED_STRING => text.to_owned(),
        _ => match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(name) if plain_name(name) => name.to_owned(),
            Some(_) => text.to_owned(),
            None => text.to_lowercase(),
        },
    }
}

fn plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<String> {
        statements(sql).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_may() {
        let sql = "-- why\nselect 'a;b', \"c;d\", $x$ ; $x$, E'\\';'; select 2 /* ; /* ; */ ; */ ;\n\n
            create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3";
        let all = texts(sql);
        assert_eq!(all.len(), 4, "{all:#?}");
        assert_eq!(all[0], "-- why\nselect 'a;b', \"c;d\", $x$ ; $x$, E'\\';'");
        assert!(all[2].ends_with("end") && all[3] == "select 3");
        assert_eq!(texts(" ;; \n"), Vec::<String>::new());
        assert_eq!(statements(sql)[0].line, 2);
    }

    #[test]
    fn whatever_is_joined_by_semicolons_is_cut_there_again() {
        const PARTS: [&str; 14] = [
            "select 1",
            "'a;b''c;'",
            "E'\\';'",
            "\"a;\"\"b;\"",
            "$$ ; $x$ ; $$",
            "$tag$ it's; $$ ; $tag$",
            "-- it's; a comment\n",
            "/* ; /* '; */ ; */",
            "(a; b)",
            "U&'\\0041;'",
            "case when a then b end",
            "begin atomic select 1; select case when a then 2 end; end",
            "a$b",
            "€",
        ];
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let whole: Vec<String> = (0..random.usize(1..6))
                .map(|_| {
                    let parts: Vec<&str> =
                        (0..random.usize(1..6)).map(|_| PARTS[random.usize(..PARTS.len())]).collect();
                    // A comment to the end of the line would swallow what is behind it.
                    format!("x {}", parts.join(" ")).trim().to_owned() + "\ny"
                })
                .collect();
            assert_eq!(texts(&whole.join(" ;\n ")), whole);
        }
    }

    #[test]
    fn what_cannot_run_in_a_transaction_is_known() {
        for sql in [
            "create index concurrently i on a.t (x)",
            "CREATE UNIQUE INDEX CONCURRENTLY i ON a.t (x)",
            "/* why */ drop index concurrently a.i",
            "reindex table concurrently a.t",
            "vacuum a.t",
            "alter system set work_mem = '1MB'",
            "alter table a.t detach partition a.p concurrently",
            "create database d",
        ] {
            assert!(!statements(sql)[0].transactional(), "{sql}");
        }
        for sql in ["create index concurrently_idx on a.t (x)", "select 'vacuum'", "drop index a.i"] {
            assert!(statements(sql)[0].transactional(), "{sql}");
        }
    }

    #[test]
    fn names_and_summaries_are_read_off_the_words() {
        let all = statements("create index concurrently if not exists \"I x\" on \"public\".zones (a, b)");
        assert_eq!(all[0].name_at(8).as_deref(), Some("public.zones"));
        assert_eq!(all[0].name_at(6).as_deref(), Some("\"I x\""));
        assert!(
            all[0].summary().starts_with("create index concurrently if not exists"),
            "{}",
            all[0].summary()
        );
    }
}
