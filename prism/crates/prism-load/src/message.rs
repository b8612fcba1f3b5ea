//! How gRPC frames a message within a stream.

use bytes::{BufMut, Bytes, BytesMut};

/// The bytes before each message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// A message that is not compressed, with its head.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(HEAD + message.len());
    framed.put_u8(0);
    // A message of over 4 GiB cannot be framed; none here is near that.
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// The number that the first message of a body holds, if it holds one.
pub(crate) fn number_in(body: &[u8]) -> Option<u64> {
    let digits = body.get(HEAD..HEAD + size_of::<u64>())?;
    digits.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head is a zero and the length in four bytes.
    #[test]
    fn the_head_tells_the_length() {
        assert_eq!(framed(b"abc").as_ref(), b"\0\0\0\0\x03abc");
    }

    /// A number that was framed is read back, and a shorter message holds none.
    #[test]
    fn a_number_is_read_back() {
        let count = 1_u64 << 40;

        assert_eq!(number_in(&framed(&count.to_be_bytes())), Some(count));
        assert_eq!(number_in(&framed(b"short")), None);
    }
}
