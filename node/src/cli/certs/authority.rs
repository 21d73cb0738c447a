//! The authority, and what it signs.

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::time::{Duration, SystemTime};

/// Clocks of machines are not equal: what is issued now is good a little earlier, too.
const EARLIER: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const AUTHORITY_DAYS: u32 = 3653;

/// A certificate and its key, both PEM.
pub(super) struct Issued {
    pub(super) cert: String,
    pub(super) key: String,
}

/// Signs by its key; its certificate follows from that, but for its dates.
pub(super) struct Authority {
    key: KeyPair,
}

impl Authority {
    pub(super) fn new() -> anyhow::Result<Authority> {
        Ok(Authority { key: KeyPair::generate()? })
    }

    /// The authority whose key (PEM) that is.
    pub(super) fn again(key: &str) -> anyhow::Result<Authority> {
        Ok(Authority { key: KeyPair::from_pem(key)? })
    }

    /// Its own certificate.
    pub(super) fn certificate(&self) -> anyhow::Result<Issued> {
        let mut params = self.params()?;
        valid(&mut params, AUTHORITY_DAYS)?;
        Ok(Issued { cert: params.self_signed(&self.key)?.pem(), key: self.key.serialize_pem() })
    }

    /// For a node that is reached by these names and addresses, as a server and as a client of the others.
    pub(super) fn node(&self, name: &str, hosts: Vec<String>, days: u32) -> anyhow::Result<Issued> {
        let usages = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(name, hosts, usages.to_vec(), days)
    }

    /// For a client. It bears no name of a host: it serves nobody.
    pub(super) fn client(&self, name: &str, days: u32) -> anyhow::Result<Issued> {
        self.issue(name, vec![], vec![ExtendedKeyUsagePurpose::ClientAuth], days)
    }

    fn issue(
        &self,
        name: &str,
        hosts: Vec<String>,
        usages: Vec<ExtendedKeyUsagePurpose>,
        days: u32,
    ) -> anyhow::Result<Issued> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = named(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, days)?;
        let issuer = Issuer::new(self.params()?, &self.key);
        Ok(Issued { cert: params.signed_by(&key, &issuer)?.pem(), key: key.serialize_pem() })
    }

    fn params(&self) -> anyhow::Result<CertificateParams> {
        let mut params = CertificateParams::default();
        // Of its own, so that one of another key is told as another one.
        let mark = xxhash_rust::xxh3::xxh3_64(self.key.public_key_raw());
        params.distinguished_name = named(&format!("Salamander authority for trials {mark:016x}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

fn valid(params: &mut CertificateParams, days: u32) -> anyhow::Result<()> {
    let now = SystemTime::now();
    let from = now.checked_sub(EARLIER).context("the clock is before 1970")?;
    params.not_before = from.into();
    params.not_after = (now + DAY * days).into();
    Ok(())
}
