//! The pieces keys and values are made of.
//!
//! Every key is `tag u8 | tenant u32 | …`, integers big-endian, ids ended by NUL (no id contains one), so that byte
//! order is the order of the parts.

use crate::error::{Error, Result};
use proto::id::{CompartmentKey, ResourceId, ResourceKey, Slot, TenantId, TypeCode};

/// Builds a key or a value from its parts.
pub struct Writer(Vec<u8>);

impl Writer {
    /// A key of the table with this tag.
    pub fn key(tag: u8, tenant: TenantId) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.push(tag);
        bytes.extend_from_slice(&tenant.0.to_be_bytes());
        Writer(bytes)
    }

    /// A value; its first byte is the format of the row.
    pub fn value(format: u8, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.push(format);
        Writer(bytes)
    }

    pub fn u8(self, number: u8) -> Self {
        self.bytes(&[number])
    }

    pub fn u16(self, number: u16) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub fn u32(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub fn id(self, id: &ResourceId) -> Self {
        self.bytes(id.as_str().as_bytes()).u8(0)
    }

    pub fn compartment(self, key: &CompartmentKey) -> Self {
        self.u16(key.slot.0).u16(key.type_code.0).id(&key.id)
    }

    pub fn resource(self, key: &ResourceKey) -> Self {
        self.compartment(&key.compartment).u16(key.type_code.0).id(&key.id)
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a key or a value apart. Every failure is [`Error::Corrupt`] of the table.
pub struct Reader<'a> {
    table: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Of a key; the tag is checked, the tenant comes back.
    pub fn key(table: &'static str, tag: u8, key: &'a [u8]) -> Result<(Self, TenantId)> {
        let mut reader = Reader { table, rest: key };
        if reader.u8()? != tag {
            return Err(reader.corrupt("another table's key"));
        }
        let tenant = TenantId(reader.u32()?);
        Ok((reader, tenant))
    }

    /// Of a value; its format must be the one given.
    pub fn value(table: &'static str, format: u8, value: &'a [u8]) -> Result<Self> {
        let mut reader = Reader { table, rest: value };
        if reader.u8()? != format {
            return Err(reader.corrupt("unknown row format"));
        }
        Ok(reader)
    }

    /// Of bytes that are neither.
    pub fn of(table: &'static str, bytes: &'a [u8]) -> Self {
        Reader { table, rest: bytes }
    }

    pub fn corrupt(&self, reason: &'static str) -> Error {
        Error::Corrupt { table: self.table, reason }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.corrupt("too short"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.corrupt("too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.take::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.take()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.take()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_be_bytes(self.take()?))
    }

    pub fn id(&mut self) -> Result<ResourceId> {
        let end =
            self.rest.iter().position(|byte| *byte == 0).ok_or_else(|| self.corrupt("an id without end"))?;
        let text = std::str::from_utf8(&self.rest[..end]).ok();
        let id =
            text.and_then(|text| ResourceId::parse(text).ok()).ok_or_else(|| self.corrupt("a bad id"))?;
        self.rest = &self.rest[end + 1..];
        Ok(id)
    }

    pub fn compartment(&mut self) -> Result<CompartmentKey> {
        Ok(CompartmentKey { slot: Slot(self.u16()?), type_code: TypeCode(self.u16()?), id: self.id()? })
    }

    pub fn resource(&mut self) -> Result<ResourceKey> {
        let compartment = self.compartment()?;
        Ok(ResourceKey { compartment, type_code: TypeCode(self.u16()?), id: self.id()? })
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.corrupt("too long")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_id_sorts_first_whatever_follows() {
        let key = |id: &str, last| {
            Writer::key(3, TenantId(1)).id(&ResourceId::parse(id).unwrap()).u64(last).finish()
        };
        assert!(key("a", u64::MAX) < key("a-", 0));
        assert!(key("a", 1) < key("a", 2));
    }

    #[test]
    fn a_cut_key_is_an_error() {
        let key = Writer::key(12, TenantId(7)).u16(3).finish();
        for end in 0..key.len() {
            let read = Reader::key("count", 12, &key[..end]).and_then(|(mut reader, _)| reader.u16());
            assert!(read.is_err());
        }
        assert!(Reader::key("count", 5, &key).is_err());
    }
}
