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

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn ending(year: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(1999, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// From 2050 on dates are written in another way.
    #[test]
    fn the_end_is_read_as_either_kind_of_time() {
        assert_eq!(not_after(&ending(2001)), Some(978_307_200));
        assert_eq!(not_after(&ending(2049)), Some(2_493_072_000));
        assert_eq!(not_after(&ending(2050)), Some(2_524_608_000));
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let whole = ending(2030).to_vec();
        for length in [0, 1, 4, 20, whole.len() - 1] {
            assert_eq!(not_after(&whole[..length].to_vec().into()), None, "{length} bytes");
        }
        assert_eq!(not_after(&vec![0x30, 0].into()), None);
    }
}
