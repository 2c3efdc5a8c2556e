//! Compresses request bodies with gzip (RFC 1952). The deflate stream is `miniz_oxide`'s; header and checksum are here.

/// Magic number, deflate, no flags, no time, fastest algorithm, unknown file system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];
/// The fastest level: repetitive JSON shrinks to a tenth even so.
const LEVEL: u8 = 1;

/// `data` as a gzip file.
pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let deflated = miniz_oxide::deflate::compress_to_vec(data, LEVEL);
    // Modulo 2^32.
    let length = (data.len() as u64).to_le_bytes();
    [
        &HEADER[..],
        &deflated,
        &crc32(data).to_le_bytes(),
        &length[..4],
    ]
    .concat()
}

/// The CRC-32 of RFC 1952, section 8.
fn crc32(data: &[u8]) -> u32 {
    let step =
        |crc: u32, byte: &u8| CRC_TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ crc >> 8;
    !data.iter().fold(u32::MAX, step)
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 {
                0xedb8_8320 ^ crc >> 1
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value in the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_checksum_is_that_of_gzip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn what_is_compressed_can_be_read_again() {
        for data in [&b""[..], b"a", &b"{\"a\":1}\n".repeat(100_000)] {
            let packed = gzip(data);
            let end = packed.len() - 8;
            let inflated = miniz_oxide::inflate::decompress_to_vec(&packed[HEADER.len()..end]);
            assert_eq!(inflated.as_deref().ok(), Some(data));
            assert!(packed.ends_with(&(data.len() as u64).to_le_bytes()[..4]));
            assert!(packed.len() <= 64.max(data.len() / 10), "{}", packed.len());
        }
    }
}
