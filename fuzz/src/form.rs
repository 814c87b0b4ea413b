//! The form of an input: lines of `key: value`, an empty line, then octets.
//!
//! ```text
//! with: no-pipelining, buffer 256
//! do: open
//!
//! 220 hello…
//! ```
//!
//! Any octets are an input: a line that is none of these is left out, and so is a value that a
//! target can do nothing with. Lines end with LF. Escapes in a value: `\r \n \0 \\ \xNN`.

/// An input, taken apart.
pub struct Form<'i> {
    fields: Vec<(&'i [u8], Vec<u8>)>,
    /// What stands behind the empty line.
    pub octets: &'i [u8],
}

impl<'i> Form<'i> {
    pub fn read(input: &'i [u8]) -> Self {
        let mut fields = Vec::new();
        let mut rest = input;
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if line.is_empty() {
                break;
            }
            if let Some(at) = line.windows(2).position(|w| w == b": ") {
                fields.push((&line[..at], unescape(&line[at + 2..])));
            }
        }
        Self {
            fields,
            octets: rest,
        }
    }

    /// The values of all fields, with their keys, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|(key, value)| (*key, value.as_slice()))
    }

    /// The values of the fields with this key that are UTF-8, in order.
    pub fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        self.fields()
            .filter(move |(k, _)| *k == key.as_bytes())
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The value of the first field with this key that is UTF-8.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts(key).next()
    }

    /// The words of all fields `with`, which are parted by `, `.
    pub fn options(&self) -> impl Iterator<Item = &str> {
        self.texts("with").flat_map(|value| value.split(", "))
    }

    /// The numbers behind an option's name: `reads 1 7` has two.
    pub fn numbers(&self, name: &str) -> Vec<usize> {
        self.options()
            .filter_map(|option| option.strip_prefix(name)?.strip_prefix(' '))
            .flat_map(|numbers| numbers.split(' '))
            .filter_map(|number| number.parse().ok())
            .collect()
    }

    /// The number behind an option's name.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers(name).first().copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.options().any(|option| option == name)
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return out,
            [b'\\', b'r', tail @ ..] => {
                out.push(b'\r');
                tail
            }
            [b'\\', b'n', tail @ ..] => {
                out.push(b'\n');
                tail
            }
            [b'\\', b'0', tail @ ..] => {
                out.push(0);
                tail
            }
            [b'\\', b'\\', tail @ ..] => {
                out.push(b'\\');
                tail
            }
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                out.push(hex(*high) * 16 + hex(*low));
                tail
            }
            [byte, tail @ ..] => {
                out.push(*byte);
                tail
            }
        };
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        digit => digit.to_ascii_lowercase() - b'a' + 10,
    }
}
