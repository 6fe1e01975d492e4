//! TLS by rustls, with libpq's ways of looking at a certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::url::Roots;
use crate::{ConnectionUrl, Error, SslMode};

/// What makes TLS of a socket, for this connection string.
///
/// # Errors
/// The file of `sslrootcert` cannot be read.
pub(crate) fn connector(url: &ConnectionUrl) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(ring::default_provider());
    let authorities = match url.sslmode {
        SslMode::VerifyCa | SslMode::VerifyFull => Some(Authorities::of(&url.roots)?),
        _ => None,
    };
    let verifier = Verifier {
        authorities,
        checks_name: url.sslmode == SslMode::VerifyFull,
        provider: Arc::clone(&provider),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Tls { problem: e.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[derive(Debug)]
struct Authorities {
    roots: RootCertStore,
    /// The certificates of the file themselves: a server's own may be among them.
    given: Vec<CertificateDer<'static>>,
}

impl Authorities {
    fn of(roots: &Roots) -> Result<Self, Error> {
        let Roots::File(path) = roots else {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            return Ok(Self { roots, given: Vec::new() });
        };
        let refused = |problem: String| Error::Roots { path: path.clone(), problem };
        let read = CertificateDer::pem_file_iter(path).map_err(|e| refused(e.to_string()))?;
        let given = read.collect::<Result<Vec<_>, _>>().map_err(|e| refused(e.to_string()))?;
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(given.iter().cloned());
        if added == 0 {
            return Err(refused("it holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned()));
        }
        Ok(Self { roots, given })
    }
}

/// Looks at a server's certificate as far as the `sslmode` asks. That the server holds its key is always proved.
#[derive(Debug)]
struct Verifier {
    authorities: Option<Authorities>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        // A server that signed its own certificate, as PostgreSQL's manual shows, is known by that very file.
        if !authorities.given.iter().any(|given| given == end_entity) {
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &authorities.roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        if self.checks_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
