//! The one HTTP client of a bucket: rustls with ring, the system's certificate authorities and Mozilla's.

use std::sync::Arc;

use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector};
use rustls::{ClientConfig, RootCertStore};

use super::settings::Limits;

/// Gives every store the same client, so that they share its connections.
#[derive(Debug, Clone)]
pub(super) struct Shared(pub(super) HttpClient);

impl HttpConnector for Shared {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

pub(super) fn client(limits: &Limits) -> Result<HttpClient, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // A store in one's own house may have a certificate of the house's authority.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        // Whoever reads the environment is the program, not a library.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(limits.connect)
        .read_timeout(limits.stall)
        .user_agent(concat!("colophon/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map(HttpClient::new).map_err(|error| error.to_string())
}
