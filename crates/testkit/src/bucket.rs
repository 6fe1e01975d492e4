//! A bucket to test against: an S3 server of others (s3s-fs), which verifies signatures, in a thread of the test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;

/// Answers 404 for uploads and buckets that are not there, as S3 does; the server of others says 403, or makes them.
#[derive(Clone)]
struct Known {
    root: PathBuf,
    service: S3Service,
}

impl Known {
    /// The code of S3 for what is not there.
    fn unknown(&self, uri: &hyper::Uri) -> Option<&'static str> {
        let bucket = uri.path().split('/').nth(1).unwrap_or_default();
        if !self.root.join(bucket).is_dir() {
            return Some("NoSuchBucket");
        }
        let query = uri.query().unwrap_or_default();
        let upload = query.split('&').find_map(|pair| pair.strip_prefix("uploadId="))?;
        let known = self.root.join(format!(".upload-{upload}.json")).exists();
        (!known).then_some("NoSuchUpload")
    }
}

impl Service<Request<Incoming>> for Known {
    type Response = Response<s3s::Body>;
    type Error = s3s::HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let unknown = self.unknown(request.uri());
        let answer = Service::call(&self.service, request);
        Box::pin(async move {
            let answer = answer.await?;
            let Some(code) = unknown else { return Ok(answer) };
            let body = format!("<Error><Code>{code}</Code><Message>there is none</Message></Error>");
            let mut answer = Response::new(s3s::Body::from(body));
            *answer.status_mut() = hyper::StatusCode::NOT_FOUND;
            Ok(answer)
        })
    }
}

/// Lets everybody do everything.
struct Public;

#[async_trait::async_trait]
impl S3Access for Public {
    async fn check(&self, _: &mut S3AccessContext<'_>) -> S3Result<()> {
        Ok(())
    }
}

/// A bucket with its server. Dropped, its folder goes.
#[derive(Debug)]
pub struct Bucket {
    /// Where the server listens.
    pub address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Bucket {
    /// Its name.
    pub const NAME: &'static str = "objects";
    /// The region that requests are signed for.
    pub const REGION: &'static str = "eu-test-1";
    /// The access key that the server knows.
    pub const ACCESS_KEY_ID: &'static str = "AKIACOLOPHONTEST";
    /// And its secret.
    pub const SECRET_ACCESS_KEY: &'static str = "the secret of the tests' bucket";

    /// Starts a server with an empty bucket.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts a server that lets strangers in.
    pub fn start_public() -> Self {
        Self::start_with(|service| service.set_access(Public))
    }

    fn start_with(prepare: impl FnOnce(&mut S3ServiceBuilder)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(Self::NAME)).expect("a folder");
        let files = s3s_fs::FileSystem::new(folder.path()).expect("a folder to serve");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(Self::ACCESS_KEY_ID, Self::SECRET_ACCESS_KEY));
        prepare(&mut service);
        let service = Known { root: folder.path().to_owned(), service: service.build() };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a socket for tokio");
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket");
                loop {
                    let Ok((connection, _)) = listener.accept().await else { continue };
                    let service = service.clone();
                    tokio::spawn(async move {
                        let server = Builder::new(TokioExecutor::new());
                        // A client that goes away is no concern of the server.
                        let _ = server.serve_connection(TokioIo::new(connection), service).await;
                    });
                }
            });
        });
        Self { address, folder }
    }

    /// Where its server is.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder with its objects.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(Self::NAME)
    }

    /// The keys of its objects, in their order.
    pub fn objects(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.folder(), "", &mut found);
        found.sort();
        found
    }

    /// What is kept of uploads that have not ended.
    pub fn parts(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).expect("the server's folder");
        let parts = entries.flatten().filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with(".upload")
        });
        parts.count()
    }

    /// Makes another bucket beside it.
    pub fn beside(&self, name: &str) {
        std::fs::create_dir(self.folder.path().join(name)).expect("a folder");
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), found);
        } else {
            found.push(path);
        }
    }
}
