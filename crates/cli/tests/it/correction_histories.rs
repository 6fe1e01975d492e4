//! Two editors by the API, one by SQL as a Supabase client would, a tool that runs again, and a network that drops
//! connections on both sides of the server, all at once: what was acknowledged is stored, each once, no tool writes
//! over a person, and the history tells everything. `COLOPHON_HISTORIES` says how many, `COLOPHON_HISTORY_SEED` which.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::api::{Answer, Api};
use crate::proxy::Proxy;
use crate::server::{Server, ask};

/// Zones of a document, what each editor does with them, histories at once.
const ZONES: usize = 8;
const EDITS: usize = 12;
const AT_ONCE: usize = 4;

/// What somebody asked for, known by a value that nobody else uses.
#[derive(Debug, Clone)]
struct Op {
    id: Uuid,
    zone: Uuid,
    kind: &'static str,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Acknowledged, with the revision that it made.
    Done(i64),
    /// Refused: nothing of it may be there.
    Refused,
    /// The connection broke, and whoever asked did not ask again: all or nothing.
    Unknown,
}

#[derive(Default)]
struct Figures {
    done: AtomicUsize,
    merged: AtomicUsize,
    duplicates: AtomicUsize,
    conflicts: AtomicUsize,
    tool: AtomicUsize,
    kept_from_tools: AtomicUsize,
    asked_again: AtomicUsize,
    unknown: AtomicUsize,
    cuts: AtomicUsize,
    killed: AtomicUsize,
}

fn add(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

struct World {
    server: Server,
    proxy: Proxy,
    figures: Figures,
    /// Requests that got through.
    answers: AtomicUsize,
    over: AtomicBool,
}

#[test]
fn whoever_edits_at_once_over_whatever_network_loses_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let histories = number("COLOPHON_HISTORIES").unwrap_or(6);
    let seed = number("COLOPHON_HISTORY_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("{histories} histories, COLOPHON_HISTORY_SEED={seed}");
    let server = Server::start();
    // Who writes zones by plain SQL locks the zone first and the document then, the other way round than the service:
    // deadlocks belong to this, and waiting for them to be found would take most of the time.
    let sooner = "do $$ begin
        execute format('alter database %I set deadlock_timeout = %L', current_database(), '50ms');
    end $$";
    crate::server::change(&superuser(&server), sooner);
    let proxy = Proxy::to(&server.ready.listen);
    let world = World {
        server,
        proxy,
        figures: Figures::default(),
        answers: AtomicUsize::new(0),
        over: AtomicBool::new(false),
    };
    let next = Mutex::new(0);
    thread::scope(|scope| {
        let chaos = scope.spawn(|| world.drop_connections(fastrand::Rng::with_seed(seed)));
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let number = {
                            let mut next = next.lock().unwrap();
                            *next += 1;
                            *next
                        };
                        if number > histories {
                            break;
                        }
                        world.history(seed.wrapping_add(number));
                    }
                })
            })
            .collect();
        let ended: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        world.over.store(true, Ordering::SeqCst);
        chaos.join().unwrap();
        for ended in ended {
            ended.unwrap();
        }
    });
    let Figures {
        done,
        merged,
        duplicates,
        conflicts,
        tool,
        kept_from_tools,
        asked_again,
        unknown,
        cuts,
        killed,
    } = &world.figures;
    let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    println!(
        "{histories} histories: {} edits acknowledged ({} merged, {} known from before), {} in conflict, {} unknown; \
         {} writes of tools, {} kept from people's words; {} asked again after {} cuts and {} killed connections of the database",
        count(done),
        count(merged),
        count(duplicates),
        count(conflicts),
        count(unknown),
        count(tool),
        count(kept_from_tools),
        count(asked_again),
        count(cuts),
        count(killed),
    );
    assert!(count(done) > 0 && count(conflicts) > 0 && count(asked_again) > 0, "the histories say something");
}

impl World {
    /// Cuts every client's connection now and then, and the server's own to the database.
    fn drop_connections(&self, mut chance: fastrand::Rng) {
        // Of this database alone: through the pooler, the server is every test's.
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()
                      and usename in ('authenticator', 'colophon') and random() < 0.5";
        let superuser = superuser(&self.server);
        while !self.over.load(Ordering::SeqCst) {
            // By what is done, not by the clock: on a busy machine nothing would ever get through.
            let answers = self.answers.load(Ordering::SeqCst) + chance.usize(2..16);
            while self.answers.load(Ordering::SeqCst) < answers && !self.over.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            if chance.u8(0..10) == 0 {
                let killed: usize = ask(&superuser, &format!("({kill})")).parse().unwrap();
                self.figures.killed.fetch_add(killed, Ordering::Relaxed);
            } else {
                self.proxy.cut();
                add(&self.figures.cuts);
            }
        }
    }

    fn history(&self, seed: u64) {
        let mut chance = fastrand::Rng::with_seed(seed);
        let document = Uuid::now_v7();
        let people: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
        self.begin(document, &people);
        let ops: Vec<Op> = thread::scope(|scope| {
            let mut random = || fastrand::Rng::with_seed(chance.u64(..));
            let (one, two, three, four) = (random(), random(), random(), random());
            let people = &people;
            let threads = [
                scope.spawn(move || self.editor(document, people[0], one)),
                scope.spawn(move || self.editor(document, people[1], two)),
                scope.spawn(move || self.client(document, people[2], three)),
                scope.spawn(move || self.tool(document, four)),
            ];
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        self.check(seed, document, &ops);
    }

    /// A document with zones of a tool, shared with two.
    fn begin(&self, document: Uuid, people: &[Uuid]) {
        let sql = format!(
            "insert into public.documents (id, filename, original_filename, file_size_bytes, mime_type, uploaded_by)
             values ('{document}', 'a.pdf', 'a.pdf', 1, 'application/pdf', '{}');
             insert into public.document_shares (document_id, id, role, user_id, created_by)
             select '{document}', gen_random_uuid(), 'editor', person, '{0}' from unnest('{{{},{}}}'::uuid[]) person;
             insert into public.zones (document_id, zone_index, page_number, zone_type, coordinates, content, status, processing_tool, version)
             select '{document}', i, 1, 'text', '{{}}', 'read ' || i, 'completed', 'a tool', 1 from generate_series(1, {ZONES}) i",
            people[0], people[1], people[2]
        );
        crate::server::change(&self.server.ready.database_url, &sql);
    }

    /// Somebody at the API, who looks now and then, and works on what they saw.
    fn editor(&self, document: Uuid, person: Uuid, mut chance: fastrand::Rng) -> Vec<Op> {
        let api = Api::new(&self.proxy.url, &self.server.token(person));
        let path = format!("/v1/documents/{document}");
        let (mut seen, mut ops) = (Vec::new(), Vec::new());
        while ops.len() < EDITS {
            if seen.is_empty() || chance.u8(0..4) == 0 {
                let answer = self.insist(&api, "GET", &format!("{path}/zones?limit=1000"), &[], None);
                seen = answer.json()["items"].as_array().cloned().unwrap_or_default();
                if seen.is_empty() {
                    // Everything was deleted.
                    break;
                }
            }
            if chance.u8(0..4) == 0 {
                ops.extend(self.offline(&api, &path, &seen, &mut chance));
            } else {
                ops.push(self.edit(&api, &path, &seen, &mut chance));
            }
        }
        ops
    }

    fn edit(&self, api: &Api, path: &str, seen: &[Value], chance: &mut fastrand::Rng) -> Op {
        let (op, mut body) = asked(seen, chance);
        let zone = seen.iter().find(|zone| zone["id"] == op.zone.to_string()).unwrap();
        body["reason"] = json!(op.id);
        let (key, tag) = (op.id.to_string(), format!("\"{}\"", zone["revision"]));
        let headers = [("content-type", "application/json"), ("idempotency-key", &*key), ("if-match", &*tag)];
        let path = format!("{path}/zones/{}/corrections", op.zone);
        let answer = self.insist(api, "POST", &path, &headers, Some(body.to_string().as_bytes()));
        let told = answer.json();
        let end = match answer.status {
            200 | 201 => {
                add(&self.figures.done);
                add_if(&self.figures.merged, told["merged"] == true);
                End::Done(told["zones_revision"].as_i64().unwrap())
            }
            404 | 412 => {
                add(&self.figures.conflicts);
                End::Refused
            }
            status => panic!("{status} for {body}: {told}"),
        };
        Op { end, ..op }
    }

    /// Some edits without a network, then all of them at once, until every one is answered.
    fn offline(&self, api: &Api, path: &str, seen: &[Value], chance: &mut fastrand::Rng) -> Vec<Op> {
        let mut ops: Vec<Op> = Vec::new();
        let mut lines = String::new();
        for _ in 0..chance.usize(2..6) {
            let (op, mut line) = asked(seen, chance);
            line["op_id"] = json!(op.id);
            line["reason"] = json!(op.id);
            line["zone_id"] = json!(op.zone);
            if let Some(earlier) = ops.iter().rev().find(|earlier| earlier.zone == op.zone) {
                line["after"] = json!(earlier.id);
            } else {
                let zone = seen.iter().find(|zone| zone["id"] == op.zone.to_string()).unwrap();
                line["revision"] = zone["revision"].clone();
            }
            lines.push_str(&line.to_string());
            lines.push('\n');
            ops.push(op);
        }
        loop {
            let path = format!("{path}/corrections/replay");
            let answer = self.insist(api, "POST", &path, &[], Some(lines.as_bytes()));
            let answers = String::from_utf8_lossy(&answer.body).into_owned();
            let answers: Vec<Value> =
                answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!((answer.status, answers.len()), (200, ops.len()), "{answers:?}");
            if answers.iter().any(|answer| answer["result"] == "unavailable") {
                add(&self.figures.asked_again);
                continue;
            }
            for (op, told) in ops.iter_mut().zip(&answers) {
                let result = told["result"].as_str().unwrap();
                op.end = match result {
                    "applied" | "merged" | "duplicate" => {
                        add(&self.figures.done);
                        add_if(&self.figures.merged, result == "merged");
                        add_if(&self.figures.duplicates, result == "duplicate");
                        End::Done(told["zones_revision"].as_i64().unwrap())
                    }
                    "conflict" | "not_found" => {
                        add(&self.figures.conflicts);
                        End::Refused
                    }
                    // What it builds on was refused, or deleted the zone.
                    "invalid" if told["code"] == "nothing_before" => End::Refused,
                    _ => panic!("{told}"),
                };
            }
            return ops;
        }
    }

    /// Sends until there is an answer.
    fn insist(
        &self,
        api: &Api,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        for _ in 0..1_000 {
            match api.send(method, path, headers, body) {
                Ok(answer) if answer.status != 503 => {
                    self.answers.fetch_add(1, Ordering::SeqCst);
                    return answer;
                }
                _ => add(&self.figures.asked_again),
            }
        }
        panic!("no answer to {method} {path}");
    }

    /// A Supabase client: plain SQL as the person, no key, no second try.
    fn client(&self, document: Uuid, person: Uuid, mut chance: fastrand::Rng) -> Vec<Op> {
        let claims = json!({ "role": "authenticated", "sub": person });
        let enter = format!("set role authenticated; set request.jwt.claims = '{claims}'");
        let (mut ops, mut is_anything_left) = (Vec::new(), true);
        while is_anything_left && ops.len() < EDITS {
            self.sql(&enter, async |client| {
                for _ in 0..4 {
                    let query = format!("select id, revision from public.zones where document_id = '{document}'");
                    let Ok(rows) = client.query(&query, &[]).await else { return };
                    let Some(row) = chance.choice(&rows) else {
                        is_anything_left = false;
                        return;
                    };
                    let (zone, revision): (Uuid, i64) = (row.get(0), row.get(1));
                    let (id, (kind, field)) = (Uuid::now_v7(), *chance.choice(&KINDS[..2]).unwrap());
                    let sql = format!(
                        "update public.zones set {field} = '{id}' where document_id = '{document}' and id = '{zone}'
                         and revision = {revision} returning zones_revision"
                    );
                    let end = match client.query(&sql, &[]).await {
                        Ok(rows) if rows.is_empty() => End::Refused,
                        Ok(rows) => End::Done(rows[0].get(0)),
                        Err(error) if error.code().is_some_and(|code| code.code() == "40P01") => End::Refused,
                        Err(_) => End::Unknown,
                    };
                    add_if(&self.figures.done, matches!(end, End::Done(_)));
                    add_if(&self.figures.conflicts, end == End::Refused);
                    add_if(&self.figures.unknown, end == End::Unknown);
                    ops.push(Op { id, zone, kind, end });
                }
            });
        }
        ops
    }

    /// A tool: single zones by the API, and whole runs in bulk, which leave alone what people said.
    fn tool(&self, document: Uuid, mut chance: fastrand::Rng) -> Vec<Op> {
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({ "role": "service_role", "iat": now, "exp": now + 3_600 });
        let api = Api::new(&self.proxy.url, &self.server.sign(&claims));
        let path = format!("/v1/documents/{document}/zones");
        for _ in 0..EDITS {
            if chance.u8(0..3) == 0 {
                self.run(document, chance.i32(..));
                continue;
            }
            let zones = self.insist(&api, "GET", &format!("{path}?limit=1000"), &[], None).json();
            let zones = zones["items"].as_array().cloned().unwrap_or_default();
            let Some(zone) = chance.choice(&zones) else { continue };
            let zone = format!("{path}/{}", zone["id"].as_str().unwrap());
            let answer = if chance.u8(0..8) == 0 {
                self.insist(&api, "DELETE", &zone, &[], None)
            } else {
                let body = json!({ "content": format!("a tool's {}", chance.u32(..)) }).to_string();
                let headers = [("content-type", "application/json")];
                self.insist(&api, "PATCH", &zone, &headers, Some(body.as_bytes()))
            };
            add_if(&self.figures.tool, answer.status < 300);
            add_if(&self.figures.kept_from_tools, answer.status == 409);
            assert!([200, 204, 404, 409].contains(&answer.status), "{answer:?}");
        }
        Vec::new()
    }

    fn run(&self, document: Uuid, number: i32) {
        let sql = format!(
            "begin;
             select colophon.begin_change('{document}', 'run', null, null, 'a tool', 'model {number}');
             update public.zones set content = 'run {number}', processing_model = 'model {number}'
             where document_id = '{document}' and created_by is null and not coalesce(original, '{{}}') ? 'content';
             commit"
        );
        self.sql("set role service_role", async |client| {
            if client.batch_execute(&sql).await.is_ok() {
                add(&self.figures.tool);
            }
        });
    }

    /// A connection of one's own to the database, which may be killed as any other.
    fn sql(&self, enter: &str, work: impl AsyncFnOnce(&Client)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let Ok((client, connection)) =
                tokio_postgres::connect(&self.server.ready.database_url, NoTls).await
            else {
                return;
            };
            tokio::spawn(connection);
            if client.batch_execute(enter).await.is_ok() {
                work(&client).await;
            }
        });
    }

    /// What the database holds, held against what everybody was told.
    fn check(&self, seed: u64, document: Uuid, ops: &[Op]) {
        let ask = |query: &str| ask(&self.server.ready.database_url, query);
        for op in ops {
            let Op { id, zone, kind, end } = op;
            let put_down = ask(&format!(
                "select coalesce(jsonb_agg(zones_revision), '[]') from public.user_corrections
                 where document_id = '{document}' and correction_type = '{kind}'
                   and (reason = '{id}' or after ->> 'content' = '{id}' or after ->> 'zone_type' = '{id}')"
            ));
            let put_down: Vec<i64> = serde_json::from_str(&put_down).unwrap();
            match end {
                End::Done(revision) => {
                    assert_eq!(put_down, [*revision], "seed {seed}: {op:?} is there, once");
                }
                End::Refused => assert!(put_down.is_empty(), "seed {seed}: {op:?} was refused, and is there"),
                End::Unknown => assert!(put_down.len() < 2, "seed {seed}: {op:?} is there twice"),
            }
            if let (End::Done(revision), Some((_, field))) =
                (end, KINDS[..2].iter().find(|(name, _)| name == kind))
            {
                let state = ask(&format!(
                    "select zone ->> '{field}' from ({STATES}) s
                     where zone_id = '{zone}' and zones_revision <= {revision} and {revision} < until_revision"
                ).replace("$1", &document.to_string()));
                assert_eq!(state, id.to_string(), "seed {seed}: the state after {op:?}");
            }
        }
        for (promise, broken) in PROMISES {
            let query = broken.replace("STATES", STATES).replace("$1", &document.to_string());
            let broken = ask(&format!("select coalesce(jsonb_agg(b), '[]') from ({query}) b"));
            assert_eq!(broken, "[]", "seed {seed}, document {document}: {promise}");
        }
    }
}

/// What is changed by a single field.
const KINDS: [(&str, &str); 2] = [("text", "content"), ("type", "zone_type")];

/// Every state that a zone of the document was ever in.
const STATES: &str =
    "select zone_id, zones_revision, until_revision, zone from public.zone_history where document_id = '$1'
   union all
   select id, zones_revision, 9223372036854775807, to_jsonb(z) from public.zones z where document_id = '$1'";

/// Each with a query for what breaks it.
const PROMISES: [(&str, &str); 6] = [
    (
        "the states of a zone follow each other, without a gap unless it was gone",
        "select s.zone_id, s.until_revision from (STATES) s
         where s.until_revision < 9223372036854775807
           and not exists (select from (STATES) n where n.zone_id = s.zone_id and n.zones_revision = s.until_revision)
           and exists (select from (STATES) n where n.zone_id = s.zone_id and n.zones_revision > s.until_revision)",
    ),
    (
        "no two states of a zone stand at once",
        "select s.zone_id, n.zones_revision from (STATES) s join (STATES) n on n.zone_id = s.zone_id
           and n.zones_revision > s.zones_revision and n.zones_revision < s.until_revision",
    ),
    (
        "every state begins and ends with a change that is on record, in the order of commits",
        "select r.revision from (select zones_revision as revision from (STATES) s union
           select until_revision from (STATES) s where until_revision < 9223372036854775807) r
         where r.revision > 0 and not exists (
           select from public.document_changes c where c.document_id = '$1' and c.revision = r.revision)
         union all
         select d.zones_revision from public.documents d where d.id = '$1' and d.zones_revision <>
           (select count(*) from public.document_changes c where c.document_id = '$1')",
    ),
    (
        "no tool writes over what a person said",
        "select s.zone_id, n.zones_revision, f.field from (STATES) s
         join public.document_changes c on c.document_id = '$1' and c.revision = s.until_revision and c.changed_by is null
         cross join unnest(array['content', 'zone_type', 'coordinates', 'status']) f (field)
         left join (STATES) n on n.zone_id = s.zone_id and n.zones_revision = s.until_revision
         where (s.zone -> 'original' ? f.field or s.zone ->> 'created_by' is not null)
           and (n.zone is null or n.zone -> f.field <> s.zone -> f.field)",
    ),
    (
        "what a person changed is put down, as it was before and after",
        "select s.zone_id, s.until_revision, f.field from (STATES) s
         join public.document_changes c on c.document_id = '$1' and c.revision = s.until_revision
           and c.changed_by is not null and c.kind = 'edit'
         cross join (values ('content', 'text'), ('zone_type', 'type'), ('coordinates', 'geometry')) f (field, kind)
         join (STATES) n on n.zone_id = s.zone_id and n.zones_revision = s.until_revision
         where n.zone -> f.field <> s.zone -> f.field and not exists (
           select from public.user_corrections u where u.document_id = '$1' and u.zone_id = s.zone_id
             and u.zones_revision = s.until_revision and u.correction_type = f.kind and u.corrected_by = c.changed_by
             and u.before -> f.field = s.zone -> f.field and u.after -> f.field = n.zone -> f.field)",
    ),
    (
        "who took a zone away, or split or merged it, is put down with it",
        "select s.zone_id, s.until_revision from (STATES) s
         join public.document_changes c on c.document_id = '$1' and c.revision = s.until_revision and c.changed_by is not null
         where not exists (select from (STATES) n where n.zone_id = s.zone_id and n.zones_revision = s.until_revision)
           and not exists (
             select from public.user_corrections u where u.document_id = '$1' and u.zones_revision = s.until_revision
               and u.corrected_by = c.changed_by and (u.zone_id = s.zone_id or s.zone_id = any(u.zone_ids))
               and u.correction_type in ('delete', 'split', 'merge'))",
    ),
];

fn superuser(server: &Server) -> String {
    let (_, place) = server.ready.database_url.split_once('@').unwrap();
    format!("postgresql://supabase_admin@{place}")
}

fn add_if(count: &AtomicUsize, condition: bool) {
    count.fetch_add(usize::from(condition), Ordering::Relaxed);
}

/// Something to do with one of the zones that were seen.
fn asked(seen: &[Value], chance: &mut fastrand::Rng) -> (Op, Value) {
    let zone = &seen[chance.usize(..seen.len())];
    let (id, zone_id) = (Uuid::now_v7(), zone["id"].as_str().unwrap().parse().unwrap());
    let other = &seen[chance.usize(..seen.len())]["id"];
    let (kind, mut body) = match chance.u8(0..20) {
        0 => ("delete", json!({})),
        1 => (
            "split",
            json!({ "zones": [{ "content": format!("{id} 1") }, { "content": format!("{id} 2") }] }),
        ),
        2 if *other != zone["id"] => ("merge", json!({ "zone_ids": [other] })),
        3..8 => ("type", json!({ "zone_type": id })),
        _ => ("text", json!({ "content": id })),
    };
    body["correction_type"] = kind.into();
    (Op { id, zone: zone_id, kind, end: End::Unknown }, body)
}
