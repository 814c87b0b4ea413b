//! Elements in DER (X.690), as far as keys and certificates are looked at here.

/// Takes an element with this tag off the front and gives its content. DER only: the length in as few
/// bytes as can be.
pub(super) fn content<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, behind) = rest.split_first()?;
    if *found != tag {
        return None;
    }
    let (first, behind) = behind.split_first()?;
    let (length, behind) = match (*first, behind) {
        (short @ ..=0x7f, _) => (usize::from(short), behind),
        (0x81, [length, behind @ ..]) if *length > 0x7f => (usize::from(*length), behind),
        (0x82, [high, low, behind @ ..]) if *high > 0 => {
            (usize::from(u16::from_be_bytes([*high, *low])), behind)
        }
        // No certificate that fits a record is longer.
        _ => return None,
    };
    let (content, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(content)
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const SEQUENCE: u8 = 0x30;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::vec::Vec;

    pub(crate) fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let content = contents.concat();
        let mut der = std::vec![tag];
        match content.len() {
            short @ ..0x80 => der.push(short as u8),
            long @ ..0x100 => der.extend([0x81, long as u8]),
            long => der.extend([0x82, (long >> 8) as u8, long as u8]),
        }
        der.extend(content);
        der
    }

    #[test]
    fn lengths_are_as_short_as_can_be() {
        let take = |octets: &[u8]| content(&mut { octets }, SEQUENCE).map(<[u8]>::len);
        assert_eq!(take(&[0x30, 0]), Some(0));
        assert_eq!(take(&[0x30, 0x81, 0x00]), None);
        assert_eq!(take(&[&[0x30, 0x81, 0x7f][..], &[0; 127]].concat()), None);
        assert_eq!(
            take(&[&[0x30, 0x81, 0x80][..], &[0; 128]].concat()),
            Some(128)
        );
        assert_eq!(
            take(&[&[0x30, 0x82, 0, 0x80][..], &[0; 128]].concat()),
            None
        );
        assert_eq!(
            take(&[&[0x30, 0x82, 1, 0][..], &[0; 256]].concat()),
            Some(256)
        );
        assert_eq!(take(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(
            take(&[&[0x30, 0x83, 0, 1, 0][..], &[0; 256]].concat()),
            None
        );
        assert_eq!(take(&[0x31, 0]), None);
        assert_eq!(take(&[0x30]), None);
        assert_eq!(take(&[]), None);
    }
}
