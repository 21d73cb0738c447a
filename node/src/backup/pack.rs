//! Compression: zstd, at its quickest level. A backup is bound by the nodes' disks and processors, not by its own size.

use anyhow::{Context, bail};
use zstd_safe::{CCtx, DCtx, compress_bound, get_error_name};

const LEVEL: i32 = 1;
/// What is unpacked at once. A chunk has about a MiB, or one row, which is no larger than this.
const BYTES_MAX: usize = 1 << 30;

/// Packs one piece after the other.
pub struct Packer {
    context: CCtx<'static>,
    packed: Vec<u8>,
}

impl Packer {
    pub fn new() -> anyhow::Result<Packer> {
        let context = CCtx::try_create().context("no memory to compress with")?;
        Ok(Packer { context, packed: vec![] })
    }

    /// The packed bytes, until the next are packed.
    pub fn pack(&mut self, bytes: &[u8]) -> anyhow::Result<&[u8]> {
        if bytes.len() > BYTES_MAX {
            bail!("{} bytes are more than are packed at once", bytes.len());
        }
        let bound = compress_bound(bytes.len());
        if self.packed.len() < bound {
            self.packed.resize(bound, 0);
        }
        let len = self.context.compress(&mut self.packed[..], bytes, LEVEL);
        let len = len.map_err(|code| anyhow::anyhow!("cannot compress: {}", get_error_name(code)))?;
        Ok(&self.packed[..len])
    }
}

/// Unpacks one piece after the other.
pub struct Unpacker(DCtx<'static>);

impl Unpacker {
    pub fn new() -> anyhow::Result<Unpacker> {
        Ok(Unpacker(DCtx::try_create().context("no memory to decompress with")?))
    }

    /// What was packed, which has that length.
    pub fn unpack(&mut self, packed: &[u8], len: usize) -> anyhow::Result<Vec<u8>> {
        if len > BYTES_MAX {
            bail!("a piece of {len} bytes");
        }
        let mut bytes = vec![0; len];
        let got = self.0.decompress(&mut bytes[..], packed);
        match got.map_err(|code| anyhow::anyhow!("cannot decompress: {}", get_error_name(code)))? {
            got if got == len => Ok(bytes),
            got => bail!("{got} bytes where {len} were packed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let (mut packer, mut unpacker) = (Packer::new().unwrap(), Unpacker::new().unwrap());
        for bytes in [vec![], vec![7; 100_000], (0..=255).collect::<Vec<u8>>()] {
            let packed = packer.pack(&bytes).unwrap().to_vec();
            assert_eq!(unpacker.unpack(&packed, bytes.len()).unwrap(), bytes);
            assert!(unpacker.unpack(&packed, bytes.len() + 1).is_err());
            assert!(unpacker.unpack(&packed[..packed.len() - 1], bytes.len()).is_err());
        }
    }
}
