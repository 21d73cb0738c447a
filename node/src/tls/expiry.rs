//! How long a certificate is good for: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>.

use rustls::pki_types::CertificateDer;
use std::time::{SystemTime, UNIX_EPOCH};
use yasna::{ASN1Error, ASN1ErrorKind, ASN1Result, parse_der};

/// Now, seconds since 1970.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// The last second of its validity, since 1970; `None` where that cannot be read.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<i64> {
    read(certificate).ok()
}

fn read(certificate: &[u8]) -> ASN1Result<i64> {
    /// `[0]`, in front of all, where it is not the first version.
    const VERSION: u8 = 0xa0;
    const UTC_TIME: u8 = 0x17;
    let signed = members(certificate)?;
    let fields = members(member(&signed, 0)?)?;
    let has_version = member(&fields, 0)?.first() == Some(&VERSION);
    // Behind the serial number, the algorithm and the issuer.
    let validity = members(member(&fields, 3 + usize::from(has_version))?)?;
    let end = member(&validity, 1)?;
    match end.first() {
        Some(&UTC_TIME) => parse_der(end, |reader| Ok(reader.read_utctime()?.datetime().unix_timestamp())),
        _ => parse_der(end, |reader| Ok(reader.read_generalized_time()?.datetime().unix_timestamp())),
    }
}

/// What a SEQUENCE consists of.
fn members(der: &[u8]) -> ASN1Result<Vec<Vec<u8>>> {
    parse_der(der, |reader| reader.collect_sequence_of(|member| member.read_der()))
}

fn member(members: &[Vec<u8>], at: usize) -> ASN1Result<&[u8]> {
    members.get(at).map(Vec::as_slice).ok_or_else(|| ASN1Error::new(ASN1ErrorKind::Eof))
}
