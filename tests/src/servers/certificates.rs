//! Certificates for servers that speak TLS.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::folder::write;

/// Files of PEM in a server's folder.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    /// The authority that clients trust.
    pub(super) authority: PathBuf,
    /// The server's certificate, for `localhost` and 127.0.0.1.
    pub(super) certificate: PathBuf,
    /// The server's key.
    pub(super) key: PathBuf,
}

impl Certificates {
    /// Makes an authority and a certificate that it signed.
    pub(super) fn make(folder: &Path) -> Self {
        Self::try_make(folder).unwrap_or_else(|error| panic!("no certificate: {error}"))
    }

    fn try_make(folder: &Path) -> Result<Self, rcgen::Error> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::new([])?;
        // Of the same name as the certificate's, it would seem to be signed by itself.
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key)?;
        let issuer = Issuer::new(params, authority_key);

        let key = KeyPair::generate()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        Ok(Self {
            authority: write(folder, "authority.pem", &authority.pem(), None),
            certificate: write(folder, "certificate.pem", &certificate.pem(), None),
            key: write(folder, "key.pem", &key.serialize_pem(), None),
        })
    }
}
