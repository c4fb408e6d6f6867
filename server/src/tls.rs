//! TLS 1.3 and nothing below it. Without a configured certificate the server makes its own authority
//! and a certificate under it, once.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use crate::config;

/// Makes aws-lc-rs the process-wide provider. Must be the first act of `main`.
pub fn install_provider() {
    // A second call in one process (tests) finds it installed: that is the wanted state.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

/// The listener's certificate and where its authority can be found.
#[derive(Debug)]
pub struct Identity {
    /// For rustls.
    pub server: Arc<ServerConfig>,
    /// PEM of the authority, when we made it ourselves.
    pub authority: Option<PathBuf>,
}

/// Loads the configured certificate, or makes one in `folder/tls`.
///
/// # Errors
/// Files cannot be read or written, or are no certificate and key.
pub fn identity(config: &config::Tls, host: &str, folder: &Path) -> anyhow::Result<Identity> {
    let (certificate, key, authority) = match (&config.certificate, &config.key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone(), None),
        (None, None) => {
            let own = folder.join("tls");
            let paths = (own.join("server.pem"), own.join("server.key"), own.join("ca.pem"));
            if !(paths.0.exists() && paths.1.exists() && paths.2.exists()) {
                make_own(&own, host, &config.names)?;
            }
            (paths.0, paths.1, Some(paths.2))
        }
        _ => bail!("[tls] needs both certificate and key, or neither"),
    };
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("{} is not a PEM certificate", certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&key)
        .with_context(|| format!("{} is not a PEM private key", key.display()))?;
    let mut server = ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS13])
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit")?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity {
        server: Arc::new(server),
        authority,
    })
}

/// ECDSA P-256, since browsers do not take Ed25519 certificates.
fn make_own(folder: &Path, host: &str, more: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    authority
        .distinguished_name
        .push(DnType::CommonName, "Consilium local authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key)?;

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    for name in std::iter::once(host).chain(more.iter().map(String::as_str)) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let server_key = KeyPair::generate()?;
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name.push(DnType::CommonName, host);
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_params(&authority, &authority_key);
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    write_private(&folder.join("ca.key"), authority_key.serialize_pem().as_bytes())?;
    write_private(&folder.join("server.key"), server_key.serialize_pem().as_bytes())?;
    fs::write(folder.join("server.pem"), server_certificate.pem())?;
    fs::write(folder.join("ca.pem"), authority_certificate.pem())?;
    Ok(())
}

/// Writes a file only its owner can read, replacing an old one.
///
/// # Errors
/// The file system refuses.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
