//! A transaction and its entries as JSON.

use serde_json::{Value, json};

pub(super) fn transaction(entries: &[Value]) -> String {
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string()
}

pub(super) fn request(method: &str, of: &str, if_match: Option<u64>) -> Value {
    match if_match {
        Some(version) => json!({"method": method, "url": of, "ifMatch": format!("W/\"{version}\"")}),
        None => json!({"method": method, "url": of}),
    }
}

/// A JSON Patch stands in a bundle as a Binary. <https://hl7.org/fhir/R4/http.html#jsonpatch-bundle>
pub(super) fn patch_entry(of: &str, patch: &Value, if_match: Option<u64>) -> Value {
    let binary = json!({
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64(patch.to_string().as_bytes()),
    });
    json!({"resource": binary, "request": request("PATCH", of, if_match)})
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let all =
            chunk.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET[(all >> (18 - 6 * place)) as usize & 63] as char;
            out.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_all_lengths() {
        let coded = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
