//! Whose certificates are taken.

use super::error::Error;
use client::tls::{Roots, provider};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use std::sync::Arc;

/// Knows the certificates of nodes: an authority's that bear the nodes' name.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    verifier: Arc<dyn ClientCertVerifier>,
    name: ServerName<'static>,
}

impl Nodes {
    /// # Errors
    /// What the library does not take.
    pub(super) fn new(roots: &Roots, name: &str) -> Result<Nodes, Error> {
        let name =
            ServerName::try_from(name.to_owned()).map_err(|error| Error::Unusable(error.to_string()))?;
        Ok(Nodes { verifier: signed_by(roots)?, name })
    }

    /// Whether a certificate bears the name, whoever signed it.
    pub(super) fn is_marked(&self, certificate: &CertificateDer<'_>) -> bool {
        let parsed = ParsedCertificate::try_from(certificate);
        parsed.is_ok_and(|parsed| verify_server_name(&parsed, &self.name).is_ok())
    }

    /// # Errors
    /// Why this is no node's.
    pub(super) fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.verifier.verify_client_cert(certificate, chain, now)?;
        match self.is_marked(certificate) {
            true => Ok(verified),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }
}

/// Takes the certificates of clients, of nodes, or of both.
#[derive(Debug)]
pub(super) struct Callers {
    clients: Option<Arc<dyn ClientCertVerifier>>,
    nodes: Option<Nodes>,
    /// Who shows none gets nowhere.
    is_mandatory: bool,
    /// Names of the authorities, by which a client chooses what to show.
    hints: Vec<DistinguishedName>,
}

impl Callers {
    /// `None` where there is nobody to be asked for a certificate.
    ///
    /// # Errors
    /// What the library does not take.
    pub(super) fn of(
        clients: Option<&Roots>,
        nodes: Option<&Nodes>,
        is_mandatory: bool,
    ) -> Result<Option<Arc<Callers>>, Error> {
        let clients = clients.map(signed_by).transpose()?;
        let all = clients.iter().chain(nodes.map(|nodes| &nodes.verifier));
        let hints: Vec<_> = all.flat_map(|verifier| verifier.root_hint_subjects()).cloned().collect();
        let is_anybody = clients.is_some() || nodes.is_some();
        let callers = || Arc::new(Callers { clients, nodes: nodes.cloned(), is_mandatory, hints });
        Ok(is_anybody.then(callers))
    }

    /// Any of them: which algorithms there are does not depend on whom one trusts.
    fn signatures(&self) -> &dyn ClientCertVerifier {
        let nodes = self.nodes.as_ref().map(|nodes| &nodes.verifier);
        &**self.clients.as_ref().or(nodes).expect("there are none for nobody")
    }
}

fn signed_by(roots: &Roots) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    WebPkiClientVerifier::builder_with_provider(roots.store(), provider())
        .build()
        .map_err(|error| Error::Unusable(error.to_string()))
}

impl ClientCertVerifier for Callers {
    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let as_node = self.nodes.as_ref().map(|nodes| nodes.verify(certificate, chain, now));
        if let Some(Ok(verified)) = as_node {
            return Ok(verified);
        }
        let as_client =
            self.clients.as_ref().map(|clients| clients.verify_client_cert(certificate, chain, now));
        // Who is neither is told why it is no client, where clients may come.
        as_client.or(as_node).unwrap_or(Err(CertificateError::UnknownIssuer.into()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signatures().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.signatures().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures().supported_verify_schemes()
    }
}
