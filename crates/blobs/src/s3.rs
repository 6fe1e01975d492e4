//! Objects in a bucket: Amazon S3, whatever speaks like it, and Supabase Storage by its S3 endpoint.

mod http;
mod refusal;
mod sender;
mod settings;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{BoxStream, StreamExt as _};
use object_store::aws::AmazonS3;
use object_store::client::HttpClient;
use object_store::path::Path as ObjectPath;
use object_store::signer::{SignedUrlOptions, Signer as _};
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions,
    PutPayload,
};
use tokio::sync::Semaphore;

pub(crate) use refusal::remedy;
pub(crate) use sender::{Parts, Sender, discard};
pub use settings::{Credentials, Limits, S3Settings, Secret, SupabaseSettings};

use crate::folder::{self, blocking};
use crate::store::Listed;
use crate::{About, Error, Reader, content_disposition};

/// Parts that may be in memory at once, whatever the number of uploads.
const PARTS_IN_MEMORY: usize = 4;

/// A bucket.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    client: AmazonS3,
    settings: Arc<S3Settings>,
    http: HttpClient,
    sending: Arc<Semaphore>,
    /// Where `client` acts with the token of a person: the platform's own. It deletes, since people may not: rows and
    /// objects would drift apart.
    platform: Option<AmazonS3>,
}

impl S3 {
    pub(crate) fn open(settings: S3Settings) -> Result<Self, Error> {
        let name = settings.name();
        std::fs::create_dir_all(&settings.temporary)
            .map_err(|e| Error::writing("make", &settings.temporary.display().to_string(), &e))?;
        let http = http::client(&settings.limits).map_err(|reason| Error::Store {
            verb: "speak with",
            key: name.clone(),
            reason,
        })?;
        let client = settings::build(&settings, &settings.credentials, &http)
            .map_err(|e| refusal::error("open", &name, &e))?;
        let sending = Arc::new(Semaphore::new(PARTS_IN_MEMORY));
        Ok(Self { client, settings: Arc::new(settings), http, sending, platform: None })
    }

    /// The same bucket, as a person with this token sees it. None where the store knows no persons.
    pub(crate) fn as_caller(&self, token: &str) -> Option<Result<Self, Error>> {
        let credentials = self.settings.of_caller(token)?;
        let client = settings::build(&self.settings, &credentials, &self.http);
        let client = client.map_err(|e| refusal::error("open", &self.settings.name(), &e));
        let platform = self.platform.clone().unwrap_or_else(|| self.client.clone());
        Some(client.map(|client| Self { client, platform: Some(platform), ..self.clone() }))
    }

    pub(crate) async fn read(&self, path: &str, range: Option<GetRange>) -> Result<Reader, Error> {
        let options = GetOptions { range: range.clone(), ..GetOptions::default() };
        let found = match self.client.get_opts(&object(path)?, options).await {
            Ok(found) => found,
            Err(error) => return Err(self.not_read(path, range, &error).await),
        };
        let (object_size, range) = (found.meta.size, found.range.clone());
        let (key, this) = (path.to_owned(), self.clone());
        let bytes =
            found.into_stream().map(move |part| part.map_err(|e| this.error("read", &key, &e))).boxed();
        Ok(Reader { object_size, range, bytes })
    }

    /// Whether it was the part that could not be had, or the object.
    async fn not_read(&self, path: &str, range: Option<GetRange>, error: &object_store::Error) -> Error {
        let error = self.error("read", path, error);
        if let (Some(range), Error::Store { .. } | Error::Refused { .. }) = (range, &error)
            && let Ok(found) = self.head(path).await
            && range.as_range(found.size).is_err()
        {
            return Error::OutOfRange { key: path.to_owned(), size: found.size };
        }
        error
    }

    /// The object in a file without a name.
    pub(crate) async fn local_file(&self, path: &str) -> Result<File, Error> {
        let reader = self.read(path, None).await?;
        let file = self.scratch(path).await?;
        let mut bytes = reader.whole(path).bytes;
        let mut offset = 0;
        while let Some(part) = bytes.next().await {
            let part = part?;
            let (to, at) = (Arc::clone(&file), offset);
            offset += part.len() as u64;
            let written = blocking(move || to.write_all_at(&part, at)).await;
            written.map_err(|e| Error::writing("fetch", path, &e))?;
        }
        Arc::try_unwrap(file)
            .map_err(|_| Error::writing("fetch", path, &io::Error::other("the file is in use")))
    }

    async fn scratch(&self, path: &str) -> Result<Arc<File>, Error> {
        let folder = self.settings.temporary.clone();
        let file = blocking(move || folder::scratch(&folder)).await;
        file.map(Arc::new).map_err(|e| Error::writing("make a temporary file for", path, &e))
    }

    pub(crate) async fn head(&self, path: &str) -> Result<Listed, Error> {
        let found = self.client.head(&object(path)?).await.map_err(|e| self.error("look at", path, &e))?;
        Ok(listed(&found))
    }

    pub(crate) fn list(&self, after: Option<&str>) -> BoxStream<'static, Result<Listed, Error>> {
        let this = self.clone();
        let listed = move |found: Result<_, _>| {
            found
                .map(|found: object_store::ObjectMeta| listed(&found))
                .map_err(|e: object_store::Error| this.error("list", &this.settings.name(), &e))
        };
        match after {
            None => self.client.list(None).map(listed).boxed(),
            Some(after) => self.client.list_with_offset(None, &ObjectPath::from(after)).map(listed).boxed(),
        }
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        let Ok(object) = object(path) else { return Ok(()) };
        let client = self.platform.as_ref().unwrap_or(&self.client);
        match self.patiently("delete", path, || client.delete(&object).boxed()).await {
            Err(Error::NotFound { .. }) => Ok(()),
            deleted => deleted,
        }
    }

    pub(crate) async fn signed_url(
        &self,
        path: &str,
        filename: Option<&str>,
        expires_in: Duration,
    ) -> Result<String, Error> {
        let options = filename.map_or_else(SignedUrlOptions::new, |filename| {
            SignedUrlOptions::new()
                .with_query([("response-content-disposition", content_disposition(filename))])
        });
        let url =
            self.client.signed_url_opts(::http::Method::GET, &object(path)?, expires_in, &options).await;
        url.map(String::from).map_err(|e| self.error("sign", path, &e))
    }

    /// Whether anybody may read an object, without being asked who they are. None where it cannot be told.
    pub(crate) async fn is_public(&self, path: &str) -> Option<bool> {
        let url = self.settings.public_url(path);
        let request = ::http::Request::get(url).body(object_store::client::HttpRequestBody::empty()).ok()?;
        Some(self.http.execute(request).await.ok()?.status().is_success())
    }

    /// Stores an object in one piece. Unless it may replace one, an object under its name is no error if it is this one:
    /// the answer to an earlier attempt may have been lost.
    async fn put(&self, path: &str, about: &About, bytes: Bytes, mode: PutMode) -> Result<(), Error> {
        let object = object(path)?;
        let size = bytes.len() as u64;
        let options = PutOptions { mode, attributes: attributes(path, about), ..PutOptions::default() };
        let (begun, mut attempts) = (Instant::now(), 0..self.settings.limits.retries);
        loop {
            let put = self.client.put_opts(&object, PutPayload::from(bytes.clone()), options.clone()).await;
            let Err(error) = put else { return Ok(()) };
            let error = self.error("write", path, &error);
            let undecided = matches!(error, Error::Store { .. } | Error::Exists { .. });
            if !undecided {
                return Err(error);
            }
            match self.head(path).await {
                Ok(found) if found.size == size => return Ok(()),
                Ok(_) => return Err(Error::Exists { key: path.to_owned() }),
                Err(Error::NotFound { .. })
                    if begun.elapsed() < self.settings.limits.patience && attempts.next().is_some() => {}
                Err(_) => return Err(error),
            }
        }
    }

    /// Tries again what may be done twice: the client does so only for what it knows to be harmless.
    async fn patiently<'a, T>(
        &self,
        verb: &'static str,
        path: &str,
        act: impl Fn() -> BoxFuture<'a, object_store::Result<T>>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let mut attempts = 0..self.settings.limits.retries;
        loop {
            match act().await.map_err(|e| self.error(verb, path, &e)) {
                Err(Error::Store { .. })
                    if begun.elapsed() < self.settings.limits.patience && attempts.next().is_some() => {}
                ended => return ended,
            }
        }
    }

    fn error(&self, verb: &'static str, path: &str, error: &object_store::Error) -> Error {
        match refusal::error(verb, path, error) {
            Error::Refused { verb, key, code, reason }
                if self.platform.is_some() && code == "AccessDenied" =>
            {
                Error::Forbidden { verb, key, reason }
            }
            other => other,
        }
    }
}

/// A key as the client wants it; what cannot be one is the key of nothing.
fn object(path: &str) -> Result<ObjectPath, Error> {
    ObjectPath::parse(path).map_err(|_| Error::NotFound { key: path.to_owned() })
}

fn listed(found: &object_store::ObjectMeta) -> Listed {
    let seconds = u64::try_from(found.last_modified.timestamp()).unwrap_or_default();
    let last_modified = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    Listed { path: found.location.to_string(), size: found.size, last_modified }
}

fn attributes(path: &str, about: &About) -> Attributes {
    let mut attributes = Attributes::new();
    let mime_type = about.mime_type.clone().unwrap_or_else(|| mime_type_of(path).to_owned());
    attributes.insert(Attribute::ContentType, mime_type.into());
    if let Some(filename) = &about.filename {
        attributes.insert(Attribute::ContentDisposition, content_disposition(filename).into());
    }
    attributes
}

/// A bucket may take these two types alone, whatever lies beside documents and exports.
fn mime_type_of(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "json")) => "application/json",
        _ => "application/pdf",
    }
}
