//! Keeps what others wrote from reaching the terminal as anything but text.
//!
//! A server's words, a file's name or a typed address may hold control characters that move the
//! cursor or change colours, and bidirectional controls that make a line read as another.

/// Text with every such character as in a Rust string, `\u{1b}`, and line ends as blanks.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => shown.push(' '),
            char if is_unsafe(char) => shown.extend(char.escape_default()),
            char => shown.push(char),
        }
    }
    shown
}

/// Octets that should be UTF-8, as [`line`]; what is not stands as `\xff`.
pub fn octets(octets: &[u8]) -> String {
    let mut shown = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        shown.push_str(&line(chunk.valid()));
        for octet in chunk.invalid() {
            shown.push_str(&format!("\\x{octet:02x}"));
        }
    }
    shown
}

/// Several lines, each as [`line`].
pub fn lines(text: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// JSON text in which such characters, where serde_json left them, are escaped as JSON has it.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if is_unsafe(char) {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(char);
        }
    }
    shown
}

/// C0 and C1 controls, DEL, line ends of Unicode, bidirectional controls and the like.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_text_is_left() {
        assert_eq!(
            octets(b"a\x1b[2J\xff\nb\0\x7f"),
            "a\\u{1b}[2J\\xff b\\u{0}\\u{7f}"
        );
        assert_eq!(line("ü\u{9b}\u{202e}"), "ü\\u{9b}\\u{202e}");
        assert_eq!(
            json("\"ü\u{9b}\u{202e}\u{7f}\""),
            "\"ü\\u009b\\u202e\\u007f\""
        );
        assert_eq!(lines("a\nb\r\n"), "a\nb\\r\n");
    }
}
