//! The policies against a model: random people, shares, links, revocations and ends, and after each step the database
//! says what the model says. `COLOPHON_MODEL_OPERATIONS` and `COLOPHON_MODEL_SEED` make it longer or repeat it.

use std::collections::{BTreeMap, BTreeSet};

use colophon_testkit::TestDatabase;
use fastrand::Rng;
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

const OPERATIONS: u64 = 20_000;
const PEOPLE: usize = 6;
/// Few enough that shares meet, many enough that lists differ.
const DOCUMENTS: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Viewer,
    Editor,
    Owner,
}

#[derive(Debug)]
enum To {
    Person(usize),
    Link { token: String, max_uses: Option<usize>, holders: BTreeSet<usize> },
}

#[derive(Debug)]
struct Share {
    document: Uuid,
    role: Role,
    to: To,
    over: bool,
    revoked: bool,
}

impl Share {
    fn reaches(&self, person: usize) -> bool {
        !self.over
            && !self.revoked
            && match &self.to {
                To::Person(named) => *named == person,
                To::Link { holders, .. } => holders.contains(&person),
            }
    }
}

#[derive(Debug, Default)]
struct Model {
    /// Each document with its owner and its zones.
    documents: BTreeMap<Uuid, (usize, BTreeSet<Uuid>)>,
    shares: BTreeMap<Uuid, Share>,
}

impl Model {
    fn role(&self, person: usize, document: Uuid) -> Option<Role> {
        let (owner, _) = self.documents.get(&document)?;
        if *owner == person {
            return Some(Role::Owner);
        }
        let shares = self.shares.values();
        shares
            .filter(|share| share.document == document && share.reaches(person))
            .map(|share| share.role)
            .max()
    }

    fn visible(&self, person: usize) -> BTreeSet<Uuid> {
        self.documents.keys().copied().filter(|document| self.role(person, *document).is_some()).collect()
    }

    fn may_edit(&self, person: usize, document: Uuid) -> bool {
        self.role(person, document) >= Some(Role::Editor)
    }
}

/// What came of a statement.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// So many rows were written, or these came back (their first column).
    Done(u64, Vec<String>),
    /// An error: its SQLSTATE.
    Refused(String),
}

const DENIED: &str = "42501";
const GONE: &str = "PT404";

fn wrote(rows: u64) -> Outcome {
    Outcome::Done(rows, Vec::new())
}

fn wrote_or_denied(allowed: bool) -> Outcome {
    if allowed { wrote(1) } else { Outcome::Refused(DENIED.into()) }
}

struct World {
    /// In a transaction of its own for each statement, as the Data API does it.
    login: Client,
    /// The platform: what makes time pass.
    postgres: Client,
    people: Vec<Uuid>,
    model: Model,
    random: Rng,
    last: String,
    /// What came of each kind of statement: so often it did something, so often it did not.
    tally: BTreeMap<String, [u64; 2]>,
}

impl World {
    async fn new(db: &TestDatabase, seed: u64) -> Self {
        Self {
            login: db.client("authenticator").await,
            postgres: db.client("postgres").await,
            people: (0..PEOPLE).map(|_| Uuid::now_v7()).collect(),
            model: Model::default(),
            random: Rng::with_seed(seed),
            last: String::new(),
            tally: BTreeMap::new(),
        }
    }

    /// Runs a statement as a person, in one transaction. `hint` is the document that the transaction says it reads,
    /// which may be a lie.
    async fn run(&mut self, person: usize, hint: Option<Uuid>, sql: &str) -> Outcome {
        let outcome = self.send(person, hint, sql).await;
        let kind: String = sql
            .split(['(', '='])
            .next()
            .unwrap_or(sql)
            .split_whitespace()
            .take(4)
            .collect::<Vec<_>>()
            .join(" ");
        let nothing = matches!(&outcome, Outcome::Done(0, _) | Outcome::Refused(_));
        self.tally.entry(kind).or_default()[usize::from(nothing)] += 1;
        outcome
    }

    async fn send(&mut self, person: usize, hint: Option<Uuid>, sql: &str) -> Outcome {
        let sub = self.people[person];
        let hint = hint.map(|id| id.to_string()).unwrap_or_default();
        let batch = format!(
            "begin; select set_config('role', 'authenticated', true), set_config('colophon.document_id', '{hint}', true),
               set_config('request.jwt.claims', '{{\"role\":\"authenticated\",\"sub\":\"{sub}\"}}', true);
             {sql}; commit"
        );
        self.last = format!("{sub} (hint {hint:?}): {sql}");
        match self.login.simple_query(&batch).await {
            Ok(messages) => {
                // Of four statements: begin, the scope, what was asked, commit.
                let (mut statement, mut done, mut rows) = (0, 0, Vec::new());
                for message in &messages {
                    match message {
                        SimpleQueryMessage::Row(row) if statement == 2 => {
                            rows.push(row.get(0).unwrap_or_default().to_owned());
                        }
                        SimpleQueryMessage::CommandComplete(count) => {
                            if statement == 2 {
                                done = *count;
                            }
                            statement += 1;
                        }
                        _ => {}
                    }
                }
                Outcome::Done(done, rows)
            }
            Err(error) => {
                self.login.batch_execute("rollback").await.expect("a rollback");
                let code = error.code().unwrap_or_else(|| panic!("{}: {error:?}", self.last));
                Outcome::Refused(code.code().to_owned())
            }
        }
    }

    async fn expect(&mut self, person: usize, hint: Option<Uuid>, sql: &str, expected: Outcome) {
        let outcome = self.run(person, hint, sql).await;
        assert_eq!(outcome, expected, "{}\n{:#?}", self.last, self.model);
    }

    fn person(&mut self) -> usize {
        self.random.usize(..PEOPLE)
    }

    fn document(&mut self) -> Option<Uuid> {
        let at = self.random.usize(..self.model.documents.len().max(1));
        self.model.documents.keys().nth(at).copied()
    }

    fn share(&mut self) -> Option<Uuid> {
        let at = self.random.usize(..self.model.shares.len().max(1));
        self.model.shares.keys().nth(at).copied()
    }

    /// The document itself, another one, or none.
    fn hint(&mut self, document: Uuid) -> Option<Uuid> {
        match self.random.u8(..3) {
            0 => Some(document),
            1 => self.document(),
            _ => None,
        }
    }

    async fn step(&mut self) {
        let person = self.person();
        match self.random.u8(..100) {
            0..8 => self.create_document(person).await,
            8..10 => self.delete_document(person).await,
            10..18 => self.make_share(person).await,
            18..24 => self.make_link(person).await,
            24..32 => self.open_link(person).await,
            32..36 => self.revoke(person).await,
            36..39 => self.time_passes().await,
            39..55 => self.list_documents(person).await,
            55..70 => self.read_zones(person).await,
            70..76 => self.write_zone(person).await,
            76..80 => self.edit_document(person).await,
            80..86 => self.correct(person).await,
            86..91 => self.enqueue(person).await,
            91..95 => self.list_shares(person).await,
            _ => self.forge(person).await,
        }
    }

    async fn create_document(&mut self, person: usize) {
        if self.model.documents.len() >= DOCUMENTS {
            return self.delete_document(person).await;
        }
        // Sometimes in another's name.
        let owner = if self.random.u8(..8) == 0 { self.person() } else { person };
        let (id, name) = (Uuid::now_v7(), self.people[owner]);
        let sql = format!(
            "insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by)
             values ('{id}', 'a.pdf', 'a.pdf', 1, '{name}')"
        );
        self.expect(person, None, &sql, wrote_or_denied(owner == person)).await;
        if owner == person {
            self.model.documents.insert(id, (owner, BTreeSet::new()));
        }
    }

    async fn delete_document(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let owns = self.model.role(person, document) == Some(Role::Owner);
        let sql = format!("delete from public.documents where id = '{document}'");
        self.expect(person, None, &sql, wrote(u64::from(owns))).await;
        if owns {
            self.model.documents.remove(&document);
            self.model.shares.retain(|_, share| share.document != document);
        }
    }

    async fn make_share(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let (id, to) = (Uuid::now_v7(), self.person());
        let role = if self.random.bool() { Role::Viewer } else { Role::Editor };
        let over = self.random.u8(..6) == 0;
        let until = if over { "now() - interval '1 second'" } else { "now() + interval '1 day'" };
        let sql = format!(
            "insert into public.document_shares (document_id, id, role, user_id, expires_at)
             values ('{document}', '{id}', '{}', '{}', {until})",
            word(role),
            self.people[to]
        );
        let owns = self.model.role(person, document) == Some(Role::Owner);
        self.expect(person, None, &sql, wrote_or_denied(owns)).await;
        if owns {
            let share = Share { document, role, to: To::Person(to), over, revoked: false };
            self.model.shares.insert(id, share);
        }
    }

    async fn make_link(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let role = if self.random.bool() { Role::Viewer } else { Role::Editor };
        let max_uses = self.random.bool().then(|| self.random.usize(1..3));
        let most = max_uses.map_or("null".to_owned(), |most| most.to_string());
        let sql = format!("select public.create_share_link('{document}', '{}', null, {most})", word(role));
        let owns = self.model.role(person, document) == Some(Role::Owner);
        match self.run(person, None, &sql).await {
            Outcome::Done(1, mut rows) if owns => {
                let token = rows.remove(0);
                let sql = format!(
                    "select share_id from colophon.document_share_tokens where token_hash = sha256('{token}')"
                );
                let id = self.postgres.query_one(&sql, &[]).await.expect("the link").get(0);
                let to = To::Link { token, max_uses, holders: BTreeSet::new() };
                self.model.shares.insert(id, Share { document, role, to, over: false, revoked: false });
            }
            outcome => assert_eq!((outcome, owns), (Outcome::Refused(DENIED.into()), false), "{}", self.last),
        }
    }

    async fn open_link(&mut self, person: usize) {
        let Some(id) = self.share() else { return };
        let share = &self.model.shares[&id];
        let To::Link { token, max_uses, holders } = &share.to else { return };
        let (document, sql) = (share.document, format!("select public.open_share_link('{token}')"));
        let owns = self.model.documents[&document].0 == person;
        let full = max_uses.is_some_and(|most| holders.len() >= most) && !holders.contains(&person) && !owns;
        let opens = !share.over && !share.revoked && !full;
        let expected =
            if opens { Outcome::Done(1, vec![document.to_string()]) } else { Outcome::Refused(GONE.into()) };
        self.expect(person, None, &sql, expected).await;
        if opens
            && !owns
            && let Some(Share { to: To::Link { holders, .. }, .. }) = self.model.shares.get_mut(&id)
        {
            holders.insert(person);
        }
    }

    async fn revoke(&mut self, person: usize) {
        let Some(id) = self.share() else { return };
        let share = &self.model.shares[&id];
        let revokes = self.model.documents[&share.document].0 == person && !share.revoked;
        let sql = format!("update public.document_shares set revoked_at = now() where id = '{id}'");
        self.expect(person, None, &sql, wrote(u64::from(revokes))).await;
        if revokes {
            self.model.shares.get_mut(&id).expect("the share").revoked = true;
        }
    }

    /// Nobody waits for a share to end: its end is moved into the past.
    async fn time_passes(&mut self) {
        let Some(id) = self.share() else { return };
        let sql = "update public.document_shares set expires_at = now() - interval '1 second' where id = $1";
        self.postgres.execute(sql, &[&id]).await.expect("time passes");
        self.model.shares.get_mut(&id).expect("the share").over = true;
    }

    async fn list_documents(&mut self, person: usize) {
        let expected: Vec<String> = self.model.visible(person).iter().map(Uuid::to_string).collect();
        let outcome = Outcome::Done(expected.len() as u64, expected);
        let hint = if self.random.bool() { self.document() } else { None };
        self.expect(person, hint, "select id from public.documents order by id", outcome).await;
    }

    async fn read_zones(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let hint = self.hint(document);
        let (sql, mut expected) = if self.random.u8(..4) == 0 {
            // All zones there are: those of every document that the person sees, and no other.
            let visible = self.model.visible(person);
            let zones = visible.iter().flat_map(|document| &self.model.documents[document].1);
            (
                "select id from public.zones order by id".to_owned(),
                zones.map(Uuid::to_string).collect::<Vec<_>>(),
            )
        } else {
            let zones = if self.model.role(person, document).is_some() {
                self.model.documents[&document].1.iter().map(Uuid::to_string).collect()
            } else {
                Vec::new()
            };
            (format!("select id from public.zones where document_id = '{document}' order by id"), zones)
        };
        expected.sort();
        self.expect(person, hint, &sql, Outcome::Done(expected.len() as u64, expected)).await;
    }

    async fn write_zone(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let edits = self.model.may_edit(person, document);
        let hint = self.hint(document);
        let zones = &self.model.documents[&document].1;
        match (self.random.u8(..3), zones.iter().next().copied()) {
            (0, Some(zone)) => {
                let sql = format!("update public.zones set content = 'b' where id = '{zone}'");
                self.expect(person, hint, &sql, wrote(u64::from(edits))).await;
            }
            (1, Some(zone)) => {
                let sql = format!("delete from public.zones where id = '{zone}'");
                self.expect(person, hint, &sql, wrote(u64::from(edits))).await;
                if edits {
                    self.model.documents.get_mut(&document).expect("it").1.remove(&zone);
                }
            }
            _ => {
                let (zone, index) = (Uuid::now_v7(), self.random.i32(0..));
                let sql = format!(
                    "insert into public.zones (document_id, id, zone_index, page_number, zone_type, coordinates)
                     values ('{document}', '{zone}', {index}, 1, 'text', '{{}}')"
                );
                self.expect(person, hint, &sql, wrote_or_denied(edits)).await;
                if edits {
                    self.model.documents.get_mut(&document).expect("it").1.insert(zone);
                }
            }
        }
    }

    async fn edit_document(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let edits = self.model.may_edit(person, document);
        let sql = format!("update public.documents set filename = 'b.pdf' where id = '{document}'");
        self.expect(person, None, &sql, wrote(u64::from(edits))).await;
    }

    async fn correct(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let Some(zone) = self.model.documents[&document].1.iter().next().copied() else { return };
        let by = if self.random.u8(..4) == 0 { self.person() } else { person };
        let sql = format!(
            "insert into public.user_corrections (document_id, zone_id, corrected_content, corrected_by)
             values ('{document}', '{zone}', 'c', '{}')",
            self.people[by]
        );
        let allowed = self.model.may_edit(person, document) && by == person;
        self.expect(person, None, &sql, wrote_or_denied(allowed)).await;
    }

    async fn enqueue(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let sql = format!(
            "insert into public.processing_jobs (document_id, id, strategy)
             values ('{document}', '{}', 'text-layer')",
            Uuid::now_v7()
        );
        let edits = self.model.may_edit(person, document);
        self.expect(person, None, &sql, wrote_or_denied(edits)).await;
    }

    /// The owner sees every share of a document, a person those that name them.
    async fn list_shares(&mut self, person: usize) {
        let seen = self.model.shares.iter().filter(|(_, share)| {
            self.model.documents[&share.document].0 == person
                || matches!(share.to, To::Person(named) if named == person)
        });
        let mut expected: Vec<String> = seen.map(|(id, _)| id.to_string()).collect();
        expected.sort();
        let outcome = Outcome::Done(expected.len() as u64, expected);
        self.expect(person, None, "select id from public.document_shares order by id", outcome).await;
    }

    /// What nobody may do, whoever they are.
    async fn forge(&mut self, person: usize) {
        let Some(document) = self.document() else { return };
        let me = self.people[person];
        let sql = [
            format!("update public.documents set uploaded_by = '{me}' where id = '{document}'"),
            format!("update public.documents set status = 'processed' where id = '{document}'"),
            format!("update public.document_shares set role = 'editor' where document_id = '{document}'"),
            format!("update public.document_shares set user_id = '{me}' where document_id = '{document}'"),
            "delete from public.document_shares".to_owned(),
            format!(
                "insert into public.document_share_uses (document_id, share_id, user_id)
                 select '{document}', gen_random_uuid(), '{me}'"
            ),
            "select from colophon.document_share_tokens".to_owned(),
            format!("update public.zones set document_id = '{document}'"),
            "select from public.job_queue".to_owned(),
        ];
        let sql = &sql[self.random.usize(..sql.len())];
        self.expect(person, Some(document), sql, Outcome::Refused(DENIED.into())).await;
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Editor | Role::Owner => "editor",
    }
}

#[tokio::test]
async fn the_database_says_what_the_model_says() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let operations = number("COLOPHON_MODEL_OPERATIONS").unwrap_or(OPERATIONS);
    let seed = number("COLOPHON_MODEL_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("{operations} operations, COLOPHON_MODEL_SEED={seed}");
    let db = TestDatabase::migrated().await;
    let mut world = World::new(&db, seed).await;
    // A step that finds nothing to work on counts for nothing.
    while world.tally.values().flatten().sum::<u64>() < operations {
        world.step().await;
    }
    for (kind, [did, refused]) in &world.tally {
        println!("{kind}: {did} did something, {refused} nothing or were refused");
    }
    let written = "select count(*) from (select document_id, corrected_by as by from public.user_corrections
        union all select document_id, created_by from public.processing_jobs) w
        join public.documents d on d.id = w.document_id where w.by is null";
    let nameless: i64 = world.postgres.query_one(written, &[]).await.expect("a count").get(0);
    assert_eq!(nameless, 0, "everything written names who wrote it");
}
