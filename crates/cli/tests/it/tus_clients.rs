//! The official clients of tus go through thick and thin.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use colophon_testkit::{Bucket, skip};

use crate::api::{Api, id, sha256};
use crate::corpus;
use crate::folder::Folder;
use crate::pdf::Pdf;
use crate::proxy::Proxy;
use crate::server::Server;

/// Bytes of a request.
const CHUNK: usize = 1 << 20;

/// A client, and how it is called.
#[derive(Clone)]
struct Client(Vec<String>);

impl Client {
    fn javascript() -> Option<Self> {
        let module = std::env::var_os("COLOPHON_TUS_JS_CLIENT").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ci-npm/node_modules/tus-js-client"),
            PathBuf::from,
        );
        let module = fs::canonicalize(module).ok()?;
        Some(Self(vec!["node".into(), script("tus.cjs"), module.display().to_string()]))
    }

    fn python() -> Option<Self> {
        let python = std::env::var("COLOPHON_PYTHON").unwrap_or_else(|_| "python3".into());
        let found = Command::new(&python).args(["-c", "import tusclient"]).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success()).then(|| Self(vec![python, script("tus.py")]))
    }

    /// Begins to send a file, or goes on with the upload that `url_file` names.
    fn send(&self, endpoint: &str, token: &str, file: &Path, url_file: &Path) -> Sending {
        let (program, args) = self.0.split_first().unwrap();
        let mut process = Command::new(program)
            .args(args)
            .args([&format!("{endpoint}/v1/uploads"), token])
            .arg(file)
            .arg(CHUNK.to_string())
            .arg(url_file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(process.stdout.take().unwrap());
        Sending { process, told }
    }
}

fn script(name: &str) -> String {
    format!("{}/tests/it/clients/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A client at work.
struct Sending {
    process: Child,
    told: BufReader<ChildStdout>,
}

impl Sending {
    /// Reads on until the client has got so far; `None` once it is done.
    fn until(&mut self, bytes: usize) -> Option<usize> {
        loop {
            let mut line = String::new();
            self.told.read_line(&mut line).unwrap();
            match line.trim() {
                "done" => return None,
                "" => panic!("the client has given up: {:?}", self.process.wait()),
                offset => {
                    let offset = offset.parse().unwrap();
                    if offset >= bytes {
                        return Some(offset);
                    }
                }
            }
        }
    }

    fn end(mut self) {
        assert_eq!(self.until(usize::MAX), None);
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A PDF of so many megabytes that no compression makes smaller.
fn large(megabytes: usize) -> Vec<u8> {
    let mut bytes = vec![0; megabytes << 20];
    fastrand::Rng::with_seed(7).fill(&mut bytes);
    let mut pdf = Pdf::new().line("a page with something large beside it");
    pdf.stream("", &bytes);
    pdf.bytes()
}

/// The largest PDF of the corpus.
fn real(test: &str) -> Option<PathBuf> {
    let folder = corpus::folder(test, "pdf")?;
    corpus::pdfs(&folder).into_iter().max_by_key(|path| fs::metadata(path).unwrap().len())
}

fn assert_whole(api: &Api, file: &Path) {
    let bytes = fs::read(file).unwrap();
    let documents = api.list("/v1/documents", 100);
    let name = file.file_name().unwrap().to_str().unwrap();
    let [document] =
        &documents.iter().filter(|document| document["filename"] == name).collect::<Vec<_>>()[..]
    else {
        panic!("one document is to be called {name}: {documents:?}")
    };
    assert_eq!(document["sha256"], sha256(&bytes), "{name}");
    let content = api.get(&format!("/v1/documents/{}/content", id(document)));
    assert_eq!(sha256(&content.body), sha256(&bytes), "{name}");
    assert_ne!(api.wait_for(id(document))["status"], "queued");
}

/// One client process sends a large file while the server is stopped, killed, cut off, and the last answer is lost.
fn goes_through_everything(client: &Client, folder: Folder) {
    let mut server = Server::start_on(folder, &[]);
    let person = server.person().id;
    let token = server.token(person);
    let file = server.folder.scratch().join("large.pdf");
    fs::write(&file, large(40)).unwrap();
    let size = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
    let proxy = Proxy::to(&server.ready.listen);
    proxy.lose_answers(2);
    let url_file = server.folder.scratch().join("url");
    let mut sending = client.send(&proxy.url, &token, &file, &url_file);

    sending.until(size / 8).expect("there is more to come");
    assert_eq!(server.stop().code(), Some(0));
    server.restart();
    proxy.goes_to(&server.ready.listen);
    sending.until(size * 2 / 8).expect("there is more to come");
    server.kill();
    server.restart();
    proxy.goes_to(&server.ready.listen);
    for eighths in 3..7 {
        sending.until(size * eighths / 8).expect("there is more to come");
        proxy.cut();
    }
    sending.end();
    assert_eq!(proxy.losses(), 0, "the client had to ask what became of its last bytes");
    assert_whole(&server.with_token(&token), &file);
}

/// Client processes that are killed, each followed by a new one that knows nothing but the upload's URL.
fn is_followed_by_another(client: &Client, test: &str) {
    let server = Server::shared();
    let person = server.person().id;
    let token = server.token(person);
    let file = server.folder.scratch().join(format!("{person}.pdf"));
    fs::write(&file, large(12)).unwrap();
    let url_file = server.folder.scratch().join(format!("{person}.url"));
    for megabytes in [3, 6, 9] {
        let mut sending = client.send(&server.ready.url, &token, &file, &url_file);
        let offset = sending.until(1).expect("there is more to come");
        assert!(offset > (megabytes - 3) << 20, "{offset}: what was sent before is not sent again");
        sending.until(megabytes << 20).expect("there is more to come");
    }
    client.send(&server.ready.url, &token, &file, &url_file).end();
    assert_whole(&server.with_token(&token), &file);
    if let Some(file) = real(test) {
        let url_file = server.folder.scratch().join(format!("{person}.real.url"));
        client.send(&server.ready.url, &token, &file, &url_file).end();
        assert_whole(&server.with_token(&token), &file);
    }
}

#[test]
fn tus_js_client_goes_through_everything() {
    let Some(client) = Client::javascript() else { skip!("no tus-js-client; COLOPHON_TUS_JS_CLIENT") };
    goes_through_everything(&client, Folder::new());
}

#[test]
fn tuspy_goes_through_everything() {
    let Some(client) = Client::python() else { skip!("COLOPHON_PYTHON cannot import tusclient") };
    goes_through_everything(&client, Folder::new());
}

#[test]
fn tus_js_client_is_followed_by_another() {
    let Some(client) = Client::javascript() else { skip!("no tus-js-client; COLOPHON_TUS_JS_CLIENT") };
    is_followed_by_another(&client, "tus_js_client_is_followed_by_another");
}

#[test]
fn tuspy_is_followed_by_another() {
    let Some(client) = Client::python() else { skip!("COLOPHON_PYTHON cannot import tusclient") };
    is_followed_by_another(&client, "tuspy_is_followed_by_another");
}

#[test]
fn tus_js_client_goes_through_everything_into_a_bucket() {
    let Some(client) = Client::javascript() else { skip!("no tus-js-client; COLOPHON_TUS_JS_CLIENT") };
    let bucket = Bucket::start();
    goes_through_everything(&client, Folder::new().with_bucket(&bucket));
    assert_eq!((bucket.objects().len(), bucket.parts()), (1, 0));
}

#[test]
fn tuspy_goes_through_everything_into_a_bucket() {
    let Some(client) = Client::python() else { skip!("COLOPHON_PYTHON cannot import tusclient") };
    let bucket = Bucket::start();
    goes_through_everything(&client, Folder::new().with_bucket(&bucket));
    assert_eq!((bucket.objects().len(), bucket.parts()), (1, 0));
}
