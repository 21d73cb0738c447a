//! The key of a document: which row it stands for.
//!
//! `tenant u32 BE ‖ type u16 BE ‖ id ‖ 0 ‖ slot u16 BE ‖ compartment type u16 BE ‖ compartment id`. The compartment is part of
//! it, so a resource that moves is one document less and one more, in whatever order two partitions report it. All
//! places of one id share a prefix, which answers `_id`.

use proto::id::{CompartmentKey, ResourceId, ResourceKey, Slot, TenantId, TypeCode};

/// Bytes that most keys fit into.
pub const GUESSED: usize = 160;

/// Appends the key.
pub fn encode(tenant: TenantId, key: &ResourceKey, out: &mut Vec<u8>) {
    prefix(tenant, key.type_code, key.id.as_str(), out);
    out.extend_from_slice(&key.compartment.slot.0.to_be_bytes());
    out.extend_from_slice(&key.compartment.type_code.0.to_be_bytes());
    out.extend_from_slice(key.compartment.id.as_str().as_bytes());
}

/// Appends what all keys of one type and id begin with.
pub fn prefix(tenant: TenantId, type_code: TypeCode, id: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&tenant.0.to_be_bytes());
    out.extend_from_slice(&type_code.0.to_be_bytes());
    out.extend_from_slice(id.as_bytes());
    out.push(0);
}

/// The row a key names; `None` if it is no key.
pub fn decode(bytes: &[u8]) -> Option<(TenantId, ResourceKey)> {
    let (tenant, rest) = bytes.split_first_chunk::<4>()?;
    let (type_code, rest) = rest.split_first_chunk::<2>()?;
    let end = memchr::memchr(0, rest)?;
    let (id, rest) = (&rest[..end], &rest[end + 1..]);
    let (slot, rest) = rest.split_first_chunk::<2>()?;
    let (compartment_type, compartment_id) = rest.split_first_chunk::<2>()?;
    let text = |bytes| std::str::from_utf8(bytes).ok().and_then(|text| ResourceId::parse(text).ok());
    let code = |bytes: &[u8; 2]| TypeCode(u16::from_be_bytes(*bytes));
    let compartment = CompartmentKey {
        slot: Slot(u16::from_be_bytes(*slot)),
        type_code: code(compartment_type),
        id: text(compartment_id)?,
    };
    let key = ResourceKey { compartment, type_code: code(type_code), id: text(id)? };
    Some((TenantId(u32::from_be_bytes(*tenant)), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let id = |text| ResourceId::parse(text).unwrap();
        let compartment = CompartmentKey::of(TenantId(1), TypeCode(9), id("p-1"));
        let key = ResourceKey { compartment, type_code: TypeCode(300), id: id("o.2") };
        let mut bytes = Vec::new();
        encode(TenantId(7), &key, &mut bytes);
        assert_eq!(decode(&bytes), Some((TenantId(7), key)));
        let mut start = Vec::new();
        prefix(TenantId(7), TypeCode(300), "o.2", &mut start);
        assert!(bytes.starts_with(&start));
        for len in 0..start.len() + 4 {
            assert_eq!(decode(&bytes[..len]), None);
        }
    }
}
