//! Certificate and key of the HTTPS door, read and tried before anything listens.

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A certificate with the key that belongs to it.
#[derive(Clone, Debug)]
pub struct Tls(pub(crate) Arc<ServerConfig>);

/// Why certificate and key do not serve. Each names the file to look at.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate to be had from the file.
    #[error("{} holds no readable certificate (PEM)", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// No key to be had from the file.
    #[error("{} holds no readable private key (PEM, not encrypted)", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// Both can be read and do not serve together.
    #[error("certificate {} and key {} do not serve together", cert.display(), key.display())]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What TLS says.
        #[source]
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads two PEM files: a chain with our own certificate first, and its private key.
    ///
    /// # Errors
    /// When one cannot be read, or the key is another certificate's.
    pub fn load(cert: &Path, key: &Path) -> Result<Tls, TlsError> {
        let chain = chain(cert).map_err(|source| TlsError::Certificate { path: cert.to_owned(), source })?;
        let secret =
            PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
            .map_err(|source| TlsError::Pair { cert: cert.to_owned(), key: key.to_owned(), source })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls(Arc::new(config)))
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    let chain = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) }
}
