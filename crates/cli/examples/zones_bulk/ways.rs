//! The ways in, each writing the same zones into a document of its own.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use colophon_db::zones::Delivery;
use colophon_db::{Config, Database, Pooler, SystemScope};
use colophon_domain::{ChangeKind, DocumentId, NewChange, NewZone, ZoneId};
use colophon_service::delivery::{OnError, Options};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};
use ureq::Agent;

use crate::server::Server;
use crate::{lines, seconds};

const COLUMNS: &str = "document_id, version, id, zone_index, page_number, zone_type, coordinates, content, \
    confidence, processing_tool, status, zones_revision";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Http,
    HttpPerson,
    Service,
    Unnest,
    BinaryCopy,
    StagedCopy,
    Copy,
    ExecuteMany,
}

impl Way {
    pub const ALL: [Self; 8] = [
        Self::Http,
        Self::HttpPerson,
        Self::Service,
        Self::Unnest,
        Self::BinaryCopy,
        Self::StagedCopy,
        Self::Copy,
        Self::ExecuteMany,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "POST …/zones, NDJSON, by a tool",
            Self::HttpPerson => "the same by a person",
            Self::Service => "the same use case without HTTP",
            Self::Unnest => "its statement alone (unnest, 2,000 at once)",
            Self::BinaryCopy => "binary COPY into the table",
            Self::StagedCopy => "binary COPY into a stage, INSERT … SELECT",
            Self::Copy => "psql \\copy into the table",
            Self::ExecuteMany => "asyncpg executemany into the original table",
        }
    }
}

pub struct Ways {
    url: String,
    token: String,
    service_token: String,
    database_url: String,
    agent: Agent,
    database: Database,
    platform: colophon_service::Platform,
    client: Client,
    file: PathBuf,
    body: Vec<u8>,
    python: Option<Python>,
}

impl Ways {
    pub async fn new(server: &Server, folder: &Path) -> Self {
        let (client, connection) = tokio_postgres::connect(&server.database_url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let database = Database::new(Config {
            url: server.database_url.parse().unwrap(),
            direct_url: None,
            pooler: Pooler::None,
            pool_size: 4,
            application_name: "a measurement".to_owned(),
        })
        .unwrap();
        let file = folder.join("zones.csv");
        let python = Python::start(&client, &server.database_url, &file).await;
        Self {
            url: server.url.clone(),
            token: server.token.clone(),
            service_token: server.service_token.clone(),
            database_url: server.database_url.clone(),
            agent: Agent::config_builder().http_status_as_error(false).build().into(),
            platform: platform(database.clone(), folder),
            database,
            client,
            file,
            body: Vec::new(),
            python,
        }
    }

    /// What each way is to be given, made ready before anything is measured.
    pub fn prepare(&mut self, zones: &[NewZone]) {
        self.body = lines::ndjson(zones);
    }

    /// Seconds; `None` where this way is not at hand.
    pub async fn run(&mut self, way: Way, zones: &[NewZone]) -> Option<f64> {
        let document = self.document_of(way).await;
        // An id is used once.
        let zones: Vec<NewZone> = zones.iter().map(|z| NewZone { id: ZoneId::new(), ..z.clone() }).collect();
        let took = match way {
            Way::Http => {
                let begun = Instant::now();
                self.post(&document, &self.body, "application/json");
                begun.elapsed().as_secs_f64()
            }
            Way::HttpPerson => {
                let document = self.document();
                let begun = Instant::now();
                self.post_as(&self.token, &document, &self.body, "application/json");
                begun.elapsed().as_secs_f64()
            }
            Way::Service => Box::pin(seconds(self.deliver(&document))).await.0,
            Way::Unnest => Box::pin(seconds(self.unnest(&document, &zones))).await.0,
            Way::BinaryCopy => seconds(self.binary_copy(&document, &zones)).await.0,
            Way::StagedCopy => seconds(self.staged_copy(&document, &zones)).await.0,
            Way::Copy => {
                self.write_csv(&document, &zones);
                let begun = Instant::now();
                let copy = format!("\\copy public.zones ({COLUMNS}) from '{}' csv", self.file.display());
                // The program's own start is no part of it: it says itself how long it took.
                let said = Command::new("psql")
                    .args(["-X", "-q", "-d", &self.database_url, "-c", "\\timing on", "-c", &copy])
                    .env("LC_ALL", "C")
                    .output();
                let Ok(said) = said else {
                    println!("skipped: \\copy (there is no psql)");
                    return None;
                };
                let text = String::from_utf8_lossy(&said.stdout).into_owned();
                let millis =
                    text.split("Time: ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
                millis.map_or_else(|| begun.elapsed().as_secs_f64(), |millis| millis / 1e3)
            }
            Way::ExecuteMany => {
                self.write_csv(&document, &zones);
                self.python.as_mut()?.insert(&document)
            }
        };
        Some(took)
    }

    async fn document_of(&self, way: Way) -> String {
        if way == Way::ExecuteMany {
            let id = DocumentId::new().to_string();
            let sql = format!("insert into original.documents (id, filename, original_filename, file_size_bytes, uploaded_by)
                values ('{id}', 'a.pdf', 'a.pdf', 1, 'me')");
            if self.python.is_some() {
                self.client.batch_execute(&sql).await.unwrap();
            }
            return id;
        }
        let id = DocumentId::new().to_string();
        let sql = format!(
            "insert into public.documents (id, filename, original_filename, file_size_bytes, uploaded_by)
            values ('{id}', 'a.pdf', 'a.pdf', 1, '00000000-0000-7000-8000-00000000000a')"
        );
        self.client.batch_execute(&sql).await.unwrap();
        id
    }

    /// A document of whoever the token names.
    pub fn document(&self) -> String {
        let request = self.agent.post(format!("{}/v1/documents?filename=a.pdf", self.url));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n";
        let mut answer = request.content_type("application/pdf").send(pdf).unwrap();
        let document: serde_json::Value =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        document["id"].as_str().unwrap().to_owned()
    }

    /// Posts zones as a tool's; gives the bytes of the answer.
    pub fn post(&self, document: &str, body: &[u8], accept: &str) -> usize {
        self.post_as(&self.service_token, document, body, accept)
    }

    fn post_as(&self, token: &str, document: &str, body: &[u8], accept: &str) -> usize {
        let url = format!("{}/v1/documents/{document}/zones?tool=x", self.url);
        let request = self.agent.post(url).header("authorization", format!("Bearer {token}"));
        let mut answer =
            request.header("accept", accept).content_type("application/x-ndjson").send(body).unwrap();
        let status = answer.status();
        let said = answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
        said.len()
    }

    async fn deliver(&self, document: &str) {
        let options = Options { tool: Some("x".into()), on_error: OnError::Refuse, ..Options::default() };
        let body = Cursor::new(self.body.clone());
        let scope = SystemScope::new();
        let done =
            colophon_service::delivery::deliver(&self.platform, &scope, id(document), options, body).await;
        assert!(done.unwrap().revision.is_some());
    }

    async fn unnest(&self, document: &str, zones: &[NewZone]) {
        let tx = self.database.session(&SystemScope::new()).begin().await.unwrap();
        let revision = tx.changes().begin(id(document), &NewChange::of(ChangeKind::Import)).await.unwrap();
        let delivery = Delivery {
            document: id(document),
            version: 1,
            revision,
            processing_tool: Some("x".into()),
            processing_model: None,
            job_id: None,
            own_word: false,
        };
        for batch in zones.chunks(2_000) {
            tx.zones().insert_many(&delivery, batch).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn binary_copy(&self, document: &str, zones: &[NewZone]) {
        let revision = self.begin(document).await;
        self.copy_into("public.zones", document, revision, zones).await;
        self.client.batch_execute("commit").await.unwrap();
    }

    async fn staged_copy(&self, document: &str, zones: &[NewZone]) {
        let revision = self.begin(document).await;
        let stage = format!(
            "create temporary table stage on commit drop as select {COLUMNS} from public.zones with no data"
        );
        self.client.batch_execute(&stage).await.unwrap();
        self.copy_into("stage", document, revision, zones).await;
        let insert = format!("insert into public.zones ({COLUMNS}) select {COLUMNS} from stage; commit");
        self.client.batch_execute(&insert).await.unwrap();
    }

    async fn begin(&self, document: &str) -> i64 {
        self.client.batch_execute("begin").await.unwrap();
        let sql = format!("select colophon.begin_change('{document}', 'import')");
        self.client.query_one(&sql, &[]).await.unwrap().get(0)
    }

    async fn copy_into(&self, table: &str, document: &str, revision: i64, zones: &[NewZone]) {
        let copy = format!("copy {table} ({COLUMNS}) from stdin binary");
        let sink = self.client.copy_in(&copy).await.unwrap();
        let types = [
            Type::UUID,
            Type::INT4,
            Type::UUID,
            Type::INT4,
            Type::INT4,
            Type::TEXT,
            Type::JSONB,
            Type::TEXT,
            Type::NUMERIC,
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
        ];
        let writer = BinaryCopyInWriter::new(sink, &types);
        let mut writer = std::pin::pin!(writer);
        let document = id(document).0;
        for z in zones {
            let coordinates = serde_json::to_value(&z.coordinates).unwrap();
            let confidence = z.confidence.map(Numeric);
            let row: [&(dyn ToSql + Sync); 12] = [
                &document,
                &1_i32,
                &z.id.0,
                &z.zone_index,
                &z.page_number,
                &z.zone_type,
                &coordinates,
                &z.content,
                &confidence,
                &"x",
                &"completed",
                &revision,
            ];
            writer.as_mut().write(&row).await.unwrap();
        }
        writer.finish().await.unwrap();
    }

    fn write_csv(&self, document: &str, zones: &[NewZone]) {
        let mut csv = String::new();
        for z in zones {
            let coordinates = serde_json::to_string(&z.coordinates).unwrap().replace('"', "\"\"");
            let (text, sure) = (z.content.as_deref().unwrap(), z.confidence.unwrap());
            let (zone_id, index, page, kind) = (z.id, z.zone_index, z.page_number, &z.zone_type);
            writeln!(
                csv,
                "{document},1,{zone_id},{index},{page},{kind},\"{coordinates}\",{text},{sure},x,completed,0"
            )
            .unwrap();
        }
        std::fs::write(&self.file, csv).unwrap();
    }

    /// A document that has so many zones.
    pub fn stored(&self, count: usize) -> String {
        let document = self.document();
        self.post(&document, &lines::ndjson(&lines::zones(count)), "application/json");
        document
    }

    pub fn get_page(&self, document: &str) -> f64 {
        let begun = Instant::now();
        let url = format!("{}/v1/documents/{document}/zones?limit=500", self.url);
        let request = self.agent.get(url).header("authorization", format!("Bearer {}", self.token));
        let answer = request.call().unwrap().body_mut().read_to_vec().unwrap();
        assert!(answer.len() > 100_000);
        begun.elapsed().as_secs_f64()
    }

    pub async fn select_page(&self, document: &str) -> f64 {
        let sql =
            "select * from public.zones where document_id = $1 and version = 1 order by zone_index limit 500";
        let statement = self.client.prepare_typed(sql, &[Type::UUID]).await.unwrap();
        let (took, rows) = seconds(self.client.query(&statement, &[&id(document).0])).await;
        assert_eq!(rows.unwrap().len(), 500);
        took
    }

    /// Bytes of all zones as lines.
    pub fn get_all(&self, document: &str) -> usize {
        let url = format!("{}/v1/documents/{document}/zones", self.url);
        let request = self.agent.get(url).header("authorization", format!("Bearer {}", self.token));
        let answer = request.header("accept", "application/x-ndjson").call().unwrap();
        let mut reader = BufReader::new(answer.into_body().into_reader());
        let (mut size, mut line) = (0, String::new());
        while reader.read_line(&mut line).unwrap() > 0 {
            size += line.len();
            line.clear();
        }
        size
    }
}

/// `numeric` by its digits: four of them, as the confidences have.
#[derive(Debug)]
struct Numeric(f64);

impl ToSql for Numeric {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        // One digit to the base 10,000, behind the point.
        #[allow(clippy::cast_possible_truncation, reason = "less than 10,000")]
        let digits = (self.0 * 10_000.0).round() as i16;
        for word in [1_i16, -1, 0, 4, digits] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }

    tokio_postgres::types::to_sql_checked!();
}

fn id(document: &str) -> DocumentId {
    document.parse().unwrap()
}

/// Use cases on the server's database, and a store that nothing is put into.
fn platform(database: Database, folder: &Path) -> colophon_service::Platform {
    use std::sync::Arc;
    colophon_service::Platform {
        signer: colophon_service::signed_urls::Signer::new(database.clone()),
        database,
        store: colophon_blobs::Store::folder(&folder.join("objects")).unwrap(),
        pdf: colophon_pdf::Child { program: "/nowhere".into(), args: Vec::new() },
        pdf_limits: colophon_pdf::Limits::default(),
        tesseract: colophon_ocr::Tesseract::at("/nowhere"),
        inspections: Arc::new(tokio::sync::Semaphore::new(1)),
        metadata_schemas: colophon_service::MetadataSchemas::default(),
        cleanups: tokio_util::task::TaskTracker::new(),
        upload_limit: colophon_service::DEFAULT_UPLOAD_LIMIT,
        upload_expiry: colophon_service::uploads::DEFAULT_UPLOAD_EXPIRY,
        turns: colophon_service::uploads::Turns::default(),
    }
}

/// asyncpg, which reads the file and then inserts as the specification's own repositories do.
struct Python {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

const DRIVER: &str = r#"
import asyncio, csv, sys, time, uuid, decimal
import asyncpg

async def main(url, path):
    db = await asyncpg.connect(url)
    print("ready", flush=True)
    for line in sys.stdin:
        document = uuid.UUID(line.strip())
        with open(path, newline="") as file:
            rows = [(uuid.UUID(r[2]), document, int(r[3]), int(r[4]), r[5], r[6], r[7], decimal.Decimal(r[8]).quantize(decimal.Decimal("0.01")), r[9], r[10])
                    for r in csv.reader(file)]
        begun = time.perf_counter()
        await db.executemany("""INSERT INTO original.zones (id, document_id, zone_index, page_number, zone_type,
            coordinates, content, confidence, processing_tool, status)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""", rows)
        print(time.perf_counter() - begun, flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2]))
"#;

impl Python {
    async fn start(client: &Client, url: &str, file: &Path) -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/notes/specification.md");
        let path = std::env::var_os("COLOPHON_SPECIFICATION").map_or(beside, PathBuf::from);
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: executemany (no specification at {}; COLOPHON_SPECIFICATION)", path.display());
            return None;
        };
        let statement = |start: &str| text.split(start).nth(1).and_then(|rest| rest.split(");").next());
        let mut sql = String::from("create schema original; set search_path = original;");
        for start in ["CREATE TABLE documents (", "CREATE TABLE zones ("] {
            write!(sql, "{start}{});", statement(start).unwrap()).unwrap();
        }
        for index in
            text.lines().filter(|line| line.starts_with("CREATE INDEX") && line.contains(" ON zones("))
        {
            sql.push_str(index);
        }
        sql.push_str("reset search_path;");
        client.batch_execute(&sql).await.unwrap();
        let python = std::env::var("COLOPHON_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut process = Command::new(&python)
            .args(["-c", DRIVER, url])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let input = process.stdin.take()?;
        let mut output = BufReader::new(process.stdout.take()?);
        let mut line = String::new();
        output.read_line(&mut line).ok()?;
        if line.trim() != "ready" {
            println!(
                "skipped: executemany ({python} cannot import asyncpg; name one that can in COLOPHON_PYTHON)"
            );
            return None;
        }
        Some(Self { process, input, output })
    }

    fn insert(&mut self, document: &str) -> f64 {
        writeln!(self.input, "{document}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
